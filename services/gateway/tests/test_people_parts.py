"""Which face is enrolled and why none is, and who a face may belong to: the parts that ask nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from sightline.common.errors import InvalidRequest, MediaRejected, NotFound, Reason, SightlineError
from sightline.common.state import people as state_people
from sightline.common.state.faces import Near, Sizes, Space
from sightline.gateway.people.changes import person_change
from sightline.gateway.people.choosing import choose
from sightline.gateway.people.matching import Matching, Wanted, best_of_each
from sightline.gateway.people.messages import display_names, face_ids, person_of_receipt
from sightline.v1.face_pb2 import Face, FaceQuality
from sightline.v1.geometry_pb2 import NormalizedBox
from sightline.v1.person_pb2 import Person
from sightline.v1.person_service_pb2 import UpdatePersonRequest

SPACE = Space("acme", "", b"m")
GOOD = {"score": 0.9, "eye_distance_px": 60.0, "sharpness": 1.0}


def a_face(left: float = 0.0, side: float = 0.4, **quality: float) -> Face:
    box = NormalizedBox(left=left, top=0, right=left + side, bottom=side)
    return Face(box=box, quality=FaceQuality(**{**GOOD, **quality}))


def chosen(*faces: Face, box: NormalizedBox | None = None) -> Face:
    return choose(faces, box, min_quality=0.5, rival_share=0.5)


def test_the_largest_face_is_meant_where_no_other_comes_near_it() -> None:
    large, small = a_face(), a_face(0.5, 0.2)
    assert chosen(large, small) is large
    with pytest.raises(MediaRejected) as refused:
        chosen(large, a_face(0.5, 0.3))
    assert refused.value.reason is Reason.FACE_AMBIGUOUS


def test_a_box_means_the_face_that_it_overlaps_with_however_small() -> None:
    large, small = a_face(), a_face(0.5, 0.2)
    assert chosen(large, small, box=small.box) is small
    with pytest.raises(MediaRejected) as refused:
        chosen(large, small, box=NormalizedBox(left=0.8, top=0.8, right=1, bottom=1))
    assert refused.value.reason is Reason.FACE_NOT_FOUND


@pytest.mark.parametrize(
    ("quality", "reason"),
    [
        ({"eye_distance_px": 10.0, "sharpness": 0.6}, Reason.FACE_TOO_SMALL),
        ({"eye_distance_px": 12.0, "sharpness": 0.4}, Reason.FACE_TOO_SMALL),
        ({"sharpness": 0.3, "yaw_degrees": 30.0}, Reason.FACE_BLURRED),
        ({"yaw_degrees": 65.0, "sharpness": 0.5}, Reason.FACE_TURNED_AWAY),
        ({"roll_degrees": -140.0}, Reason.FACE_TURNED_AWAY),
    ],
)
def test_a_poor_face_is_refused_for_what_it_lacks_most(quality: dict[str, float], reason: Reason) -> None:
    with pytest.raises(MediaRejected) as refused:
        chosen(a_face(score=0.2, **quality))
    assert refused.value.reason is reason
    assert "0.20" in refused.value.message


def test_a_face_of_a_service_that_knows_no_quality_is_taken() -> None:
    face = Face(box=NormalizedBox(right=1, bottom=1))
    assert chosen(face) is face


def near(person: UUID, similarity: float, threshold: float = 0.4) -> Near:
    return Near(person, uuid4(), threshold, similarity)


def wanted(**changes: Any) -> Wanted:
    fields: dict[str, Any] = {"embedding": [1.0] * 512, "threshold": 0.4, "min_similarity": None, "people_max": 2}
    return Wanted(**{**fields, **changes})


def test_each_person_is_named_once_by_the_face_that_is_most_alike() -> None:
    one, other = uuid4(), uuid4()
    found = [near(one, 0.9), near(other, 0.8), near(one, 0.7), near(uuid4(), 0.39)]
    assert best_of_each(found, wanted()) == found[:2]


def test_of_two_thresholds_the_stricter_one_holds_unless_the_client_says_another() -> None:
    weak = near(uuid4(), 0.5, threshold=0.6)
    assert best_of_each([weak], wanted()) == []
    assert best_of_each([near(uuid4(), 0.5)], wanted(threshold=0.6)) == []
    assert best_of_each([weak], wanted(min_similarity=0.3)) == [weak]


class Enrolled:
    """Faces in memory, in the order of their likeness, in place of the database."""

    def __init__(self, found: list[Near], sizes: Sizes = Sizes(1, 1), outdated: int = 0) -> None:  # noqa: B008
        self.found, self._sizes, self._outdated = found, sizes, outdated
        self.asked: list[tuple[int, int | None]] = []

    async def near(self, _space: Space, _embedding: Any, *, count: int, ef_search: int | None) -> list[Near]:
        self.asked.append((count, ef_search))
        return self.found[:count]

    async def sizes(self, _space: Space) -> Sizes:
        return self._sizes

    async def outdated(self, _space: Space) -> int:
        return self._outdated


def matching(enrolled: Enrolled) -> Matching:
    return Matching(enrolled, 200)  # type: ignore[arg-type]


async def test_many_faces_of_one_person_do_not_hide_the_next() -> None:
    many, next_one = uuid4(), uuid4()
    enrolled = Enrolled([*[near(many, 0.9)] * 90, near(next_one, 0.5)])
    assert [one.person_id for one in await matching(enrolled).match(SPACE, wanted())] == [many, next_one]
    assert [count for count, _ in enrolled.asked] == [20, 80, 320]


async def test_nothing_further_is_asked_for_below_the_least_similarity() -> None:
    enrolled = Enrolled([near(uuid4(), 0.9), *[near(uuid4(), 0.1)] * 50])
    assert len(await matching(enrolled).match(SPACE, wanted())) == 1
    assert len(enrolled.asked) == 1


@pytest.mark.parametrize(
    ("own", "shared", "ef_search"),
    [(2_000, 2_000, None), (100_000, 100_000, 200), (5_000, 1_000_000, None), (200_000, 1_000_000, 200)],
)
async def test_few_faces_and_those_of_few_are_compared_one_by_one(own: int, shared: int, ef_search: int | None) -> None:
    enrolled = Enrolled([], Sizes(own, shared))
    await matching(enrolled).match(SPACE, wanted())
    assert enrolled.asked == [(20, ef_search)]


async def test_vectors_that_have_no_index_are_compared_one_by_one() -> None:
    enrolled = Enrolled([], Sizes(10**6, 10**6))
    await matching(enrolled).match(SPACE, wanted(embedding=[1.0] * 128))
    assert enrolled.asked == [(20, None)]


async def test_a_collection_of_which_nothing_can_be_compared_is_told_and_not_searched_in_vain() -> None:
    assert await matching(Enrolled([], Sizes(1, 1), outdated=3)).check(SPACE) == 3
    with pytest.raises(SightlineError) as refused:
        await matching(Enrolled([], Sizes(0, 0), outdated=3)).check(SPACE)
    assert refused.value.reason is Reason.FACES_OUTDATED


def test_a_change_names_its_fields_and_takes_the_end_away() -> None:
    request = UpdatePersonRequest(person=Person(name="persons/x", purpose="visits"))
    assert person_change(request).purpose == "visits"
    assert not person_change(request).expires
    request.update_mask.paths.append("expire_time")
    assert (person_change(request).expires, person_change(request).expire_time) == (True, None)
    request.update_mask.paths[:] = ["*"]
    with pytest.raises(InvalidRequest, match="display_name"):
        person_change(request)


@pytest.mark.parametrize("name", ["persons/x/faces/y", "persons/faces/1", f"jobs/{uuid4()}/faces/{uuid4()}"])
def test_a_name_that_can_not_be_one_of_ours_is_not_found(name: str) -> None:
    with pytest.raises(NotFound):
        face_ids(name)
    with pytest.raises(NotFound):
        person_of_receipt(name)


def test_who_should_be_erased_already_is_not_found_any_more() -> None:
    now = datetime.now(UTC)
    people = [
        state_people.Person("acme", uuid4(), "", name, "form", "door", False, expires, now, now, 1)
        for name, expires in (("gone", now), ("later", now + timedelta(seconds=1)), ("always", None))
    ]
    assert sorted(display_names(people, now).values()) == ["always", "later"]
