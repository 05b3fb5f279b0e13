"""Lines and zones at their edges: who stops, turns back, jumps, appears inside, or is hidden meanwhile."""

from __future__ import annotations

import json

import pytest

from sightline.object.detector import DetectedObject
from sightline.object.places import Line, Point, Zone
from sightline.object.tracking import Seen, SeenFrame

# From the foot of the picture to its top: who walks there has the right of the picture on the right.
START, END = (100.0, 200.0), (100.0, 0.0)
SQUARE = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0)]


def frame_of(seconds: float, *places: tuple[int, float, float], size: float = 10.0) -> SeenFrame:
    def at(x: float, y: float) -> DetectedObject:
        return DetectedObject((x - size / 2, y - size / 2, x + size / 2, y + size / 2), 0.8, "person")

    return SeenFrame(seconds, [Seen(at(x, y), track) for track, x, y in places])


def walked(*path: Point | None, start: Point = START, end: Point = END, size: float = 10.0) -> list[bool]:
    """Let one object walk a path, hidden where there is None; give the direction of each crossing."""
    line = Line("door", start, end)
    for number, place in enumerate(path):
        line.take(frame_of(number / 10, *([(1, *place)] if place else []), size=size))
    return [one.rightward for one in line.crossings]


@pytest.mark.parametrize(
    ("path", "crossed"),
    [
        pytest.param([(50, 100), (100, 100), (100, 100), (100, 100)], [], id="stops on the line for good"),
        pytest.param([(50, 100), (100, 100), (100, 100), (150, 100)], [True], id="stops on the line and goes on"),
        pytest.param([(50, 100), (100, 100), (100, 100), (50, 100)], [], id="stops on the line and turns back"),
        pytest.param([(50, 180), (100, 180), (100, 100), (100, 20), (150, 20)], [True], id="goes along it and over"),
        pytest.param([(50, 180), (100, 180), (100, 20), (50, 20)], [], id="goes along it and back"),
        pytest.param([(50, 100), (150, 100), (50, 100), (150, 100)], [True, False, True], id="to and fro"),
        pytest.param([(0, 100), (400, 100)], [True], id="jumps over it between two frames"),
        pytest.param([(50, 100), None, None, (150, 100)], [True], id="is hidden while crossing"),
        pytest.param([(50, 100), (100.5, 100), None, (150, 100)], [True], id="is hidden on the line"),
        pytest.param([(100, 100), (150, 100)], [], id="appears on the line: nobody knows where it came from"),
        pytest.param([(100, 100), (150, 100), (50, 100)], [False], id="appears on the line, and crosses it later"),
        pytest.param([(150, 100), (160, 100)], [], id="appears behind it"),
        pytest.param([(50, 250), (150, 250), (150, 100), (50, 100)], [False], id="goes round its end and over"),
        pytest.param([(90, 100), (100, 100), (100, 250), (150, 400)], [], id="goes along it past its end and off"),
        pytest.param([(50, 250), (100, 250), (100, 100), (150, 20)], [True], id="comes onto it from past its end"),
        pytest.param([(50, 200), (150, 200)], [True], id="goes over its very end"),
    ],
)
@pytest.mark.parametrize("turned", [False, True], ids=["as drawn", "drawn the other way"])
def test_a_crossing_is_counted_once_and_only_between_the_ends(
    path: list[Point | None], crossed: list[bool], turned: bool
) -> None:
    start, end = (END, START) if turned else (START, END)
    assert walked(*path, start=start, end=end) == [rightward is not turned for rightward in crossed]


def test_a_large_object_that_trembles_on_the_line_crosses_no_more_than_a_small_one() -> None:
    trembling = [(100 + 4.0 * (-1) ** number, 100.0) for number in range(20)]
    assert walked((20, 100), *trembling, (180, 100), size=120) == [True]
    assert walked((20, 100), *trembling, (20, 100), size=120) == []


def test_lines_count_each_for_itself_and_objects_each_for_themselves() -> None:
    lines = [Line("near", (100, 200), (100, 0)), Line("far", (200, 200), (200, 0)), Line("back", (100, 0), (100, 200))]
    for number, x in enumerate((50, 90, 150, 190, 250)):
        for line in lines:
            line.take(frame_of(number / 10, (1, x, 100), (2, 300 - x, 50), (3, 20, 20)))
    told = [[(one.track, one.rightward) for one in line.crossings] for line in lines]
    assert [sorted(one) for one in told] == [
        [(1, True), (2, False)],
        [(1, True), (2, False)],
        [(1, False), (2, True)],
    ]


@pytest.mark.parametrize("broken_at", range(1, 9))
def test_counts_go_on_from_a_checkpoint_as_if_nothing_had_happened(broken_at: int) -> None:
    path = [(50, 100), (100, 100), (100.5, 100), (99.5, 90), (150, 90), (100.5, 90), (60, 90), (60, 90), (150, 90)]

    def places() -> tuple[Line, Zone]:
        return Line("door", START, END), Zone("shop", [(80, 0), (120, 0), (120, 200), (80, 200)], 1.5)

    whole, resumed = places(), places()
    for number, place in enumerate(path):
        for one in whole:
            one.take(frame_of(number / 10, (1, *place)))
    for number, place in enumerate(path):
        if number == broken_at:
            stored = [json.loads(json.dumps(one.dump())) for one in resumed]
            resumed = places()
            for one, told in zip(resumed, stored, strict=True):
                one.restore(told)
        for one in resumed:
            one.take(frame_of(number / 10, (1, *place)))
    assert [one.dump() for one in resumed] == [one.dump() for one in whole]
    assert [one.rightward for one in resumed[0].crossings] == [True, False, True]


def test_the_edge_and_the_corner_of_a_zone_belong_to_it() -> None:
    zone = Zone("shop", SQUARE, lost_seconds=1.5)
    places = ((1, 0.0, 0.0), (2, 100.0, 50.0), (3, 100.5, 50.0), (4, -0.5, -0.5), (5, 50.0, 100.0))
    zone.take(frame_of(0.0, *places))
    assert [visit.track for visit in zone.visits()] == [1, 2, 5]
    assert zone.most_at_once == 3


def test_who_appears_in_a_zone_and_leaves_the_picture_from_it_was_there_as_long_as_they_were_seen() -> None:
    zone = Zone("shop", SQUARE, lost_seconds=1.5)
    for number in range(10):
        zone.take(frame_of(number / 2, *([(1, 50, 50)] if 2 <= number <= 5 else [])))
    (visit,) = zone.visits()
    assert (visit.start_seconds, visit.end_seconds, visit.inside_seconds) == (1.0, 2.5, 1.5)


def test_time_outside_a_zone_and_time_that_is_not_known_is_not_time_inside() -> None:
    zone = Zone("shop", SQUARE, lost_seconds=1.5)
    inside, outside = (1, 50.0, 50.0), (1, 150.0, 50.0)
    for seconds, place in ((0.0, inside), (1.0, inside), (2.0, outside), (3.0, inside), (4.0, inside), (8.0, inside)):
        zone.take(frame_of(seconds, place))
    (visit,) = zone.visits()
    assert (visit.start_seconds, visit.end_seconds, visit.inside_seconds) == (0.0, 8.0, 2.0)


def test_a_zone_that_is_no_convex_shape_has_its_own_inside() -> None:
    bay = Zone("bay", [(0, 0), (100, 0), (100, 100), (60, 100), (60, 40), (40, 40), (40, 100), (0, 100)], 1.5)
    bay.take(frame_of(0.0, (1, 20, 80), (2, 50, 80), (3, 80, 80), (4, 50, 20)))
    assert [visit.track for visit in bay.visits()] == [1, 3, 4]
