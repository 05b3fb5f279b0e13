"""Objects keep their identity, and what they do is counted once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, strategies as st

from sightline.object.counting import Intervals, Tracks
from sightline.object.detector import DetectedObject
from sightline.object.places import Line, Zone
from sightline.object.tracking import Follower, Seen, SeenFrame

RATE = 10.0


def thing(x: float, y: float, score: float = 0.8, name: str = "person", size: float = 40.0) -> DetectedObject:
    return DetectedObject((x - size / 2, y - size, x + size / 2, y + size), score, name)


def followed(frames: Sequence[Sequence[DetectedObject]], rate: float = RATE) -> list[SeenFrame]:
    """Follow the objects of frames that come at a steady rate."""
    follower = Follower.start(0.25, 1.5, 2, rate)
    given_out = [follower.follow(objects, number / rate) for number, objects in enumerate(frames)]
    return [frame for frame in (*given_out, follower.end()) if frame is not None]


def crossing(steps: int, hidden: range = range(0)) -> list[list[DetectedObject]]:
    """Two people walk past each other at different depths; one is hidden for a while."""
    frames = []
    for step in range(steps):
        x = 600 * step / steps
        left, right = thing(x, 200), thing(600 - x, 230, 0.7)
        frames.append([left] if step in hidden else [left, right])
    return frames


@pytest.mark.parametrize("hidden", [range(0), range(27, 34)], ids=["in sight", "hidden while they meet"])
def test_two_who_cross_keep_their_identities(hidden: range) -> None:
    steps = 60
    frames = followed(crossing(steps, hidden))
    paths: dict[int, list[tuple[float, float]]] = {}
    for frame in frames:
        for seen in frame.seen:
            paths.setdefault(seen.track, []).append((frame.seconds, seen.object.box[0]))
    assert len(paths) == 2
    for path in paths.values():
        times, places = zip(*path, strict=True)
        slope = np.diff(places) / np.diff(times)
        assert (slope > 0).all() or (slope < 0).all()


def test_a_track_begins_with_the_first_frame_and_a_flash_is_no_track() -> None:
    frames = [[thing(100 + 3 * n, 100), *([thing(400, 300)] if n == 5 else [])] for n in range(12)]
    seen = followed(frames)
    assert [len(frame.seen) for frame in seen] == [1] * 12
    assert {one.track for frame in seen for one in frame.seen} == {1}


def test_every_frame_is_given_out_once_and_in_order() -> None:
    assert [round(frame.seconds, 2) for frame in followed([[]] * 5)] == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert followed([]) == []


def test_an_object_that_grows_unsure_goes_on_and_one_that_is_unsure_never_begins() -> None:
    frames = [[thing(100 + 3 * n, 100, 0.8 if n < 4 else 0.12), thing(400, 300, 0.2)] for n in range(10)]
    seen = followed(frames)
    assert [len(frame.seen) for frame in seen] == [1] * 10


def test_a_track_has_the_class_that_it_was_most_surely_of() -> None:
    scores = [("Normal", 0.9)] * 6 + [("Fall", 0.5)] * 3
    tracks = Tracks()
    for frame in followed([[thing(100 + n, 100, score, name)] for n, (name, score) in enumerate(scores)]):
        tracks.take(frame)
    (track,) = tracks.all()
    assert (track.class_name, track.classes) == ("Normal", {"Normal": 6, "Fall": 3})
    assert (track.start_seconds, track.end_seconds, track.best.object.score) == (0.0, 0.8, 0.9)


def frame_of(seconds: float, *places: tuple[int, float, float], size: float = 10.0) -> SeenFrame:
    return SeenFrame(seconds, [Seen(thing(x, y, size=size), track) for track, x, y in places])


def test_objects_are_counted_over_time_each_once() -> None:
    intervals = Intervals(1.0)
    for frame in (
        frame_of(0.1, (1, 0, 0)),
        frame_of(0.6, (2, 0, 0)),
        frame_of(1.0, (1, 0, 0), (2, 9, 9)),
        frame_of(3.2),
    ):
        intervals.take(frame)
    first, second = intervals.all()
    assert (first.start_seconds, first.seen["person"], first.most_at_once["person"]) == (0.0, 2, 1)
    assert (second.start_seconds, second.seen["person"], second.most_at_once["person"]) == (1.0, 2, 2)


def walk(line: Line, *places: tuple[float, float]) -> list[bool]:
    for number, (x, y) in enumerate(places):
        line.take(frame_of(number / 10, (1, x, y)))
    return [one.rightward for one in line.crossings]


def test_crossings_have_a_direction() -> None:
    # From the top of the picture to its foot: right of who walks there is the left of the picture.
    def line() -> Line:
        return Line("door", (100, 0), (100, 200))

    assert walk(line(), (50, 100), (80, 100), (120, 100), (150, 100)) == [False]
    assert walk(line(), (150, 100), (50, 100)) == [True]
    assert walk(line(), (50, 100), (150, 100), (50, 100)) == [False, True]


def test_who_passes_beside_the_line_or_trembles_on_it_has_not_crossed() -> None:
    assert walk(Line("door", (100, 0), (100, 200)), (50, 300), (150, 300)) == []
    trembling = [(100 + 0.9 * (-1) ** n, 100.0) for n in range(20)]
    assert walk(Line("door", (100, 0), (100, 200)), (50, 100), *trembling, (60, 100)) == []
    assert walk(Line("door", (100, 0), (100, 200)), (50, 100), *trembling, (150, 100)) == [False]


def test_who_is_hidden_while_crossing_is_counted_when_seen_again() -> None:
    line = Line("door", (100, 0), (100, 200))
    line.take(frame_of(0.0, (1, 50, 100)))
    for number in range(1, 10):
        line.take(frame_of(number / 10))
    line.take(frame_of(1.0, (1, 150, 100)))
    (only,) = line.crossings
    assert (only.track, only.seconds, only.rightward) == (1, 1.0, False)


@given(st.lists(st.tuples(st.floats(0, 200), st.floats(20, 180)), min_size=2, max_size=30), st.floats(0, math.tau))
def test_crossings_of_a_long_line_alternate_whichever_way_it_lies(
    places: list[tuple[float, float]], turn: float
) -> None:
    along = 1e5 * np.array([math.cos(turn), math.sin(turn)])
    middle = np.array([100.0, 100.0])
    line = Line("all", tuple(middle - along), tuple(middle + along))
    directions = walk(line, *places)
    assert all(one != other for one, other in itertools.pairwise(directions))


def test_visits_of_a_zone_are_timed_and_a_moment_of_hiding_does_not_end_them() -> None:
    zone = Zone("shop", [(0, 0), (100, 0), (100, 100), (0, 100)], lost_seconds=1.5)
    for number in range(31):
        seconds = number / 10
        places = [] if 1.0 < seconds < 1.5 else [(1, 50.0 if seconds <= 2.0 else 150.0, 50.0)]
        places += [(2, 20.0, 20.0)] if seconds >= 2.5 else []
        zone.take(frame_of(seconds, *places))
    first, second = zone.visits()
    assert (first.track, first.start_seconds, first.end_seconds) == (1, 0.0, 2.0)
    assert first.inside_seconds == pytest.approx(2.0)
    assert second.inside_seconds == pytest.approx(0.5)
    assert zone.most_at_once == 1
