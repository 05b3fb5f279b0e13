"""People who are erased while others look at, search for or enrol them; and what is enrolled twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from enrolment import NEWER, Call, Camera, a_face, refusal, somebody, until, vector

from sightline.common.errors import Reason
from sightline.common.state.database import Database
from sightline.v1 import person_service_pb2 as api


async def looking(camera: Camera, call: Awaitable[Any]) -> asyncio.Task[Any]:
    """Begin a call whose picture is looked at, but not before the camera is opened again."""
    camera.open.clear()
    before = len(camera.asked)
    task = asyncio.ensure_future(call)

    async def asked() -> bool:
        return len(camera.asked) > before

    await until(asked)
    return task


async def enrolled(people: Call, sees: Any, number: int, **changes: Any) -> str:
    person = await people("CreatePerson", somebody(**changes))
    await people("AddFace", api.AddFaceRequest(person=person.name, image=sees(a_face(vector(number)))))
    return str(person.name)


async def vectors(database: Database, person: str) -> int:
    async with database.connection() as connection:
        query = "SELECT count(*) FROM faces WHERE person_id = %s"
        row = await (await connection.execute(query, [person.removeprefix("persons/")])).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_face_that_is_looked_at_while_its_person_is_erased_is_not_kept(
    people: Call, sees: Any, camera: tuple[Camera, str], database: Database
) -> None:
    name = await enrolled(people, sees, 1)
    image = sees(a_face(vector(2, of=1)))
    adding = await looking(camera[0], refusal(people("AddFace", api.AddFaceRequest(person=name, image=image))))
    receipt = await people("DeletePerson", api.DeletePersonRequest(name=name))
    camera[0].open.set()
    assert (await adding).reason is Reason.NOT_FOUND
    assert receipt.erased_vectors == 1
    assert await vectors(database, name) == 0


async def test_who_is_erased_while_their_picture_is_looked_at_is_not_named(
    people: Call, sees: Any, camera: tuple[Camera, str]
) -> None:
    gone = await enrolled(people, sees, 1, display_name="gone")
    await enrolled(people, sees, 2, display_name="here")
    image = sees(a_face(vector(3, of=1)), a_face(vector(4, of=2)))
    searching = await looking(camera[0], people("SearchFaces", api.SearchFacesRequest(image=image)))
    await people("DeletePerson", api.DeletePersonRequest(name=gone))
    camera[0].open.set()
    answer = await searching
    assert [[one.display_name for one in match.candidates] for match in answer.matches] == [[], ["here"]]


async def test_searches_go_on_while_people_are_erased_and_name_only_who_is_there(people: Call, sees: Any) -> None:
    names = [await enrolled(people, sees, number, display_name=str(number)) for number in range(8)]
    image = sees(*(a_face(vector(100 + number, of=number)) for number in range(8)))

    async def search() -> list[list[str]]:
        answer = await people("SearchFaces", api.SearchFacesRequest(image=image))
        return [[one.display_name for one in match.candidates] for match in answer.matches]

    answers, *receipts = await asyncio.gather(
        asyncio.gather(*(search() for _ in range(12))),
        *(people("DeletePerson", api.DeletePersonRequest(name=name)) for name in names[:6]),
    )
    for answer in answers:
        assert all(found in ([], [str(number)]) for number, found in enumerate(answer))
        assert answer[6:] == [["6"], ["7"]]
    assert [receipt.erased_vectors for receipt in receipts] == [1] * 6
    assert await search() == [[]] * 6 + [["6"], ["7"]]


async def test_one_who_is_erased_twice_at_once_has_one_receipt(people: Call, sees: Any) -> None:
    name = await enrolled(people, sees, 1)
    receipts = await asyncio.gather(*(people("DeletePerson", api.DeletePersonRequest(name=name)) for _ in range(4)))
    assert {receipt.erased_vectors for receipt in receipts} == {1}
    assert len({receipt.erase_time.ToNanoseconds() for receipt in receipts}) == 1


async def test_a_face_that_is_enrolled_twice_names_its_person_once_and_each_can_be_erased(
    people: Call, sees: Any, database: Database
) -> None:
    name = await enrolled(people, sees, 1)
    again = await people("AddFace", api.AddFaceRequest(person=name, image=sees(a_face(vector(1)))))
    search = api.SearchFacesRequest(image=sees(a_face(vector(1))))
    (match,) = (await people("SearchFaces", search)).matches
    assert [one.person for one in match.candidates] == [name]
    await people("DeleteFace", api.DeleteFaceRequest(name=again.face.name))
    (match,) = (await people("SearchFaces", search)).matches
    assert [one.person for one in match.candidates] == [name]
    assert await vectors(database, name) == 1


async def test_a_person_with_faces_of_two_models_is_found_by_each_through_its_own_only(people: Call, sees: Any) -> None:
    name = await enrolled(people, sees, 1)
    await people("AddFace", api.AddFaceRequest(person=name, image=sees(a_face(vector(2), model=NEWER))))

    async def found(seed: int, **model: Any) -> list[str]:
        request = api.SearchFacesRequest(image=sees(a_face(vector(seed), **model)))
        (match,) = (await people("SearchFaces", request)).matches
        return [one.person for one in match.candidates]

    assert await found(1) == await found(2, model=NEWER) == [name]
    # The same numbers mean nothing to the other model.
    assert await found(2) == await found(1, model=NEWER) == []
