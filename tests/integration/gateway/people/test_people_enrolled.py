"""People over a gateway with the real PostgreSQL, Valkey and files; the faces of pictures are what a test says."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from enrolment import MODEL, NEWER, Call, Camera, a_face, caller, refusal, somebody, until, vector

from sightline.common.errors import Reason
from sightline.gateway.settings import AnalysisServices, Settings
from sightline.v1 import (
    person_pb2,
    person_service_pb2 as api,
    usage_service_pb2,
)
from sightline.v1.geometry_pb2 import NormalizedBox
from sightline.v1.image_pb2 import ImageSource


async def test_who_is_enrolled_is_found_again_and_a_stranger_is_not(people: Call, sees: Any) -> None:
    marie, albert = [await people("CreatePerson", somebody(display_name=name)) for name in ("Marie", "Albert")]
    for person, number in ((marie, 1), (albert, 2)):
        for shot in (10, 20):
            image = sees(a_face(vector(number + shot, of=number)))
            await people("AddFace", api.AddFaceRequest(person=person.name, image=image))
    group = sees(a_face(vector(31, of=1)), a_face(vector(32, of=2)), a_face(vector(33)))
    answer = await people("SearchFaces", api.SearchFacesRequest(image=group))
    named = [[one.display_name for one in match.candidates] for match in answer.matches]
    assert named == [["Marie"], ["Albert"], []]
    best = answer.matches[0].candidates[0]
    assert best.person == marie.name
    assert best.face.startswith(f"{marie.name}/faces/")
    assert best.similarity == pytest.approx(0.86, abs=0.1)
    assert best.min_similarity == pytest.approx(0.4)
    assert (answer.model.sha256, answer.outdated_face_count, answer.image_size.width_px) == (MODEL.sha256, 0, 640)
    assert not any(match.face.HasField("embedding") for match in answer.matches)
    assert (await people("GetPerson", api.GetPersonRequest(name=marie.name))).face_count == 2


async def test_the_least_similarity_and_the_number_of_people_are_what_the_client_says(people: Call, sees: Any) -> None:
    for number in range(6):
        person = await people("CreatePerson", somebody(display_name=str(number)))
        image = sees(a_face(vector(100 + number, of=1, noise=0.2 + 0.2 * number)))
        await people("AddFace", api.AddFaceRequest(person=person.name, image=image))
    asked = sees(a_face(vector(1)))

    async def found(**options: Any) -> list[str]:
        answer = await people("SearchFaces", api.SearchFacesRequest(image=asked, **options))
        return [one.display_name for one in answer.matches[0].candidates]

    assert await found() == ["0", "1", "2", "3", "4"]
    assert await found(max_matches=2) == ["0", "1"]
    assert await found(min_similarity=0.95) == ["0"]
    assert len(await found(max_matches=100, min_similarity=-1)) == 6


async def test_collections_and_tenants_know_nothing_of_each_other(
    start: Any, call: Any, people: Call, sees: Any
) -> None:
    staff = await people("CreatePerson", somebody(collection="staff"))
    face = a_face(vector(1))
    await people("AddFace", api.AddFaceRequest(person=staff.name, image=sees(face)))
    for collection, count in (("", 0), ("guests", 0), ("staff", 1)):
        answer = await people("SearchFaces", api.SearchFacesRequest(image=sees(face), collection=collection))
        assert len(answer.matches[0].candidates) == count
    other = caller(await call(await start(), "other"))
    answer = await other("SearchFaces", api.SearchFacesRequest(image=sees(face), collection="staff"))
    assert not answer.matches[0].candidates
    missing = staff.name[:-4] + "0000"
    for method, request in (
        ("GetPerson", lambda name: api.GetPersonRequest(name=name)),
        ("DeletePerson", lambda name: api.DeletePersonRequest(name=name)),
        ("ListFaces", lambda name: api.ListFacesRequest(parent=name)),
        ("AddFace", lambda name: api.AddFaceRequest(person=name, image=sees(face))),
        ("UpdatePerson", lambda name: api.UpdatePersonRequest(person=person_pb2.Person(name=name, purpose="x"))),
    ):
        theirs, nobodys = [await refusal(other(method, request(name))) for name in (staff.name, missing)]
        assert theirs.reason is nobodys.reason is Reason.NOT_FOUND
        assert theirs.message.replace(staff.name, "") == nobodys.message.replace(missing, "")


@pytest.mark.parametrize(
    ("faces", "reason"),
    [
        ([], Reason.FACE_NOT_FOUND),
        ([{"score": 0.1, "eye_distance_px": 9.0}], Reason.FACE_TOO_SMALL),
        ([{"score": 0.1, "sharpness": 0.1}], Reason.FACE_BLURRED),
        ([{"score": 0.1, "yaw_degrees": 66.0}], Reason.FACE_TURNED_AWAY),
        ([{}, {}], Reason.FACE_AMBIGUOUS),
    ],
)
async def test_a_face_by_which_nobody_could_be_told_is_refused_with_what_is_wrong(
    people: Call, sees: Any, faces: list[dict[str, float]], reason: Reason
) -> None:
    person = await people("CreatePerson", somebody())
    image = sees(*(a_face(vector(number), **quality) for number, quality in enumerate(faces)))
    error = await refusal(people("AddFace", api.AddFaceRequest(person=person.name, image=image)))
    assert error.reason is reason
    assert (await people("GetPerson", api.GetPersonRequest(name=person.name))).face_count == 0


async def test_of_several_faces_the_one_in_the_box_is_enrolled(people: Call, sees: Any) -> None:
    person = await people("CreatePerson", somebody())
    right = NormalizedBox(left=0.6, top=0.1, right=0.9, bottom=0.4)
    image = sees(a_face(vector(1)), a_face(vector(2), box=right))
    box = NormalizedBox(left=0.62, top=0.1, right=0.9, bottom=0.4)
    added = await people("AddFace", api.AddFaceRequest(person=person.name, image=image, box=box))
    assert added.face.face.box == right
    nowhere = NormalizedBox(left=0, top=0.9, right=0.05, bottom=1)
    error = await refusal(people("AddFace", api.AddFaceRequest(person=person.name, image=image, box=nowhere)))
    assert error.reason is Reason.FACE_NOT_FOUND


async def test_a_face_is_enrolled_once_however_often_the_call_is_repeated(
    people: Call, sees: Any, camera: tuple[Camera, str]
) -> None:
    person = await people("CreatePerson", somebody())
    image = sees(a_face(vector(1)))
    request = api.AddFaceRequest(person=person.name, image=image, request_id=str(uuid4()))
    first, again = [await people("AddFace", request) for _ in range(2)]
    assert first == again
    assert len(camera[0].asked) == 1
    request.image.CopyFrom(sees(a_face(vector(2))))
    assert (await refusal(people("AddFace", request))).reason is Reason.REQUEST_ID_REUSED


async def test_a_person_has_so_many_faces_and_each_can_be_erased(people: Call, sees: Any) -> None:
    person = await people("CreatePerson", somebody())
    adding = api.AddFaceRequest(person=person.name, image=sees(a_face(vector(1))))
    made = [(await people("AddFace", adding)).face.name for _ in range(3)]
    assert (await refusal(people("AddFace", adding))).reason is Reason.FACE_LIMIT_REACHED
    first = await people("ListFaces", api.ListFacesRequest(parent=person.name, page_size=2))
    last = await people("ListFaces", api.ListFacesRequest(parent=person.name, page_token=first.next_page_token))
    assert [face.name for face in [*first.faces, *last.faces]] == made[::-1]
    assert first.faces[0].model == MODEL
    await people("DeleteFace", api.DeleteFaceRequest(name=made[0]))
    assert (await refusal(people("DeleteFace", api.DeleteFaceRequest(name=made[0])))).reason is Reason.NOT_FOUND
    assert (await people("GetPerson", api.GetPersonRequest(name=person.name))).face_count == 2


async def test_faces_of_an_older_model_are_not_compared_but_told(people: Call, sees: Any) -> None:
    old = await people("CreatePerson", somebody(display_name="old"))
    await people("AddFace", api.AddFaceRequest(person=old.name, image=sees(a_face(vector(1)))))
    asked = sees(a_face(vector(1), model=NEWER))
    error = await refusal(people("SearchFaces", api.SearchFacesRequest(image=asked)))
    assert error.reason is Reason.FACES_OUTDATED
    new = await people("CreatePerson", somebody(display_name="new"))
    await people("AddFace", api.AddFaceRequest(person=new.name, image=asked))
    answer = await people("SearchFaces", api.SearchFacesRequest(image=asked))
    assert [one.display_name for one in answer.matches[0].candidates] == ["new"]
    assert (answer.model, answer.outdated_face_count) == (NEWER, 1)


async def test_people_are_listed_by_page_and_collection_and_changed(people: Call) -> None:
    made = [(await people("CreatePerson", somebody(collection="staff"))).name for _ in range(3)]
    guest = await people("CreatePerson", somebody())
    first = await people("ListPersons", api.ListPersonsRequest(page_size=2, collection="staff"))
    token = first.next_page_token
    second = await people("ListPersons", api.ListPersonsRequest(page_token=token, collection="staff"))
    assert [one.name for one in [*first.persons, *second.persons]] == made[::-1]
    assert [one.name for one in (await people("ListPersons", api.ListPersonsRequest())).persons] == [guest.name]
    assert len((await people("ListPersons", api.ListPersonsRequest(collection="-"))).persons) == 4
    error = await refusal(people("ListPersons", api.ListPersonsRequest(page_token=token)))
    assert error.reason is Reason.INVALID_PAGE_TOKEN
    change = api.UpdatePersonRequest(person=person_pb2.Person(name=guest.name, purpose="visits"))
    assert (await people("UpdatePerson", change)).purpose == "visits"
    change.update_mask.paths.append("collection")
    assert (await refusal(people("UpdatePerson", change))).reason is Reason.INVALID_ARGUMENT
    change.update_mask.paths[:] = ["consent"]
    assert (await refusal(people("UpdatePerson", change))).reason is Reason.INVALID_ARGUMENT


@pytest.mark.parametrize("missing", ["display_name", "consent", "purpose"])
async def test_nobody_is_kept_without_a_ground_and_a_purpose(people: Call, missing: str) -> None:
    error = await refusal(people("CreatePerson", somebody(**{missing: ""})))
    assert error.reason is Reason.INVALID_ARGUMENT


async def test_what_is_enrolled_and_searched_is_counted(people: Call, client: Any, sees: Any) -> None:
    person = await people("CreatePerson", somebody())
    await people("AddFace", api.AddFaceRequest(person=person.name, image=sees(a_face(vector(1)))))
    await people("SearchFaces", api.SearchFacesRequest(image=sees()))

    async def counted() -> bool:
        request = usage_service_pb2.GetUsageRequest()
        hours = (await client.usage.GetUsage(request, metadata=client.metadata, timeout=30)).hours
        return {"add_face", "search_faces"} <= {hour.kind for hour in hours}

    await until(counted, 20)


async def test_without_the_face_service_people_are_kept_but_not_seen(start: Any, call: Any, settings: Settings) -> None:
    alone = settings.model_copy(update={"services": AnalysisServices()})
    people = caller(await call(await start(alone)))
    person = await people("CreatePerson", somebody())
    image = ImageSource(content=b"x")
    error = await refusal(people("AddFace", api.AddFaceRequest(person=person.name, image=image)))
    assert error.reason is Reason.KIND_NOT_SERVED
