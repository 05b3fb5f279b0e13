"""Tracks put together into people."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from numpy.typing import NDArray

from sightline.common.models import MatchThresholds
from sightline.face import grouping
from sightline.face.analysis import Face
from sightline.face.grouping import people_of
from sightline.face.quality import Quality
from sightline.face.track import Track

THRESHOLDS = MatchThresholds(ordinary=0.4, strict=0.6)


def track(
    number: int, start: float, end: float, embedding: NDArray[np.float32], *, weak: bool = False, quality: float = 0.9
) -> Track:
    box = (0.0, 0.0, 60.0, 60.0)
    face = Face(box, 0.8, np.zeros((5, 2), np.float32), embedding, weak, quality=Quality(quality, 30.0, 1.0, 0.0, 0.0))
    places = array("d", (start, *box, 0.8, end, *box, 0.8))
    return Track(number, 1, face, start, b"", embedding * np.float32(2), start, places)


def lean(person: int, degrees: float, towards: int) -> NDArray[np.float32]:
    """A direction that leans from one person's own to another's."""
    made = np.zeros(64, np.float32)
    made[person], made[towards] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return made


def groups(tracks: list[Track], min_similarity: float | None = None) -> list[list[int]]:
    people = people_of(tracks, THRESHOLDS, min_similarity, 0.2)
    assert [person.number for person in people] == list(range(1, len(people) + 1))
    return [[one.number for one in person.tracks] for person in people]


def test_alike_tracks_are_one_person_and_who_is_seen_longest_comes_first() -> None:
    tracks = [track(1, 0, 2, lean(0, 10, 9)), track(2, 3, 9, lean(1, 5, 9)), track(3, 10, 11, lean(0, 20, 8))]
    assert groups(tracks) == [[2], [1, 3]]


def test_faces_that_are_seen_at_once_are_never_one_person() -> None:
    twins = [track(1, 0, 5, lean(0, 0, 9)), track(2, 4, 8, lean(0, 1, 9)), track(3, 9, 10, lean(0, 2, 9))]
    assert groups(twins) == [[2, 3], [1]]


def test_who_was_put_together_stays_apart_from_whoever_was_seen_with_either() -> None:
    tracks = [
        track(1, 0, 1, lean(0, 0, 9)),
        track(2, 2, 3, lean(0, 3, 9)),
        track(3, 2.5, 3.5, lean(0, 20, 9)),
        track(4, 0.5, 1.5, lean(0, 21, 9)),
    ]
    assert groups(tracks) == [[1, 2], [3, 4]]


def test_weak_faces_are_held_to_the_strict_threshold_unless_the_caller_says_otherwise() -> None:
    alike = [lean(0, 0, 9), lean(0, 60, 9)]
    assert groups([track(1, 0, 1, alike[0]), track(2, 2, 3, alike[1])]) == [[1, 2]]
    weak = [track(1, 0, 1, alike[0]), track(2, 2, 3, alike[1], weak=True)]
    assert groups(weak) == [[1], [2]]
    assert groups(weak, min_similarity=0.45) == [[1, 2]]
    assert groups([track(1, 0, 1, alike[0]), track(2, 2, 3, alike[1])], min_similarity=0.7) == [[1], [2]]


def test_a_chain_of_likeness_does_not_pull_strangers_together() -> None:
    # Each is like the next, the first and the last are not: the mean of all pairs decides.
    chain = [track(place, place, place + 0.5, lean(0, 40.0 * place, 1)) for place in range(5)]
    assert len(groups(chain)) > 1


def test_ranges_that_touch_are_one_and_the_best_track_has_the_best_shot() -> None:
    tracks = [
        track(1, 0, 1.8, lean(0, 0, 9), quality=0.6), track(2, 2, 3, lean(0, 1, 9)),
        track(3, 5, 6, lean(0, 2, 9), quality=0.7),
    ]  # fmt: skip
    (person,) = people_of(tracks, THRESHOLDS, None, 0.2)
    assert [pytest.approx(span) for span in person.ranges(0.2)] == [(0, 3.2), (5, 6.2)]
    assert person.best.number == 2
    assert np.linalg.norm(person.embedding) == pytest.approx(1)


@pytest.mark.parametrize(("at_once", "most"), [(7, 1000), (7, 10)])
def test_thousands_of_tracks_are_compared_in_blocks(at_once: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "_AT_ONCE", at_once)
    monkeypatch.setattr(grouping, "_MOST_GROUPS", most)
    tracks = [track(number, number, number + 0.5, lean(number % 5, number % 11, 60)) for number in range(1, 61)]
    assert [len(group) for group in groups(tracks)] == [12] * 5


def test_a_thousand_different_people_take_seconds() -> None:
    generator = np.random.default_rng(0)
    wide = generator.normal(size=(1000, 512)).astype(np.float32)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    tracks = [track(number, number, number + 0.5, vector) for number, vector in enumerate(wide)]
    assert len(people_of(tracks, THRESHOLDS, None, 0.2)) == 1000


def test_nobody_is_nobody() -> None:
    assert people_of([], THRESHOLDS, None, 0.2) == []
