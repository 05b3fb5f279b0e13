"""A film searched in ranges gives what the whole film gives."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from bench.lectures import Lecture, remuxed
from sightline.common.settings import MediaLimits
from sightline.extract.slides import Showing, SlideOptions, find_slides, join_showings

Film = Callable[..., tuple[Lecture, Path]]
LIMITS = MediaLimits()
OPTIONS = SlideOptions()


def in_ranges(path: Path, seams: list[float]) -> list[list[Showing]]:
    return [find_slides(path, OPTIONS, LIMITS, start_seconds=start, end_seconds=end) for start, end in pairwise(seams)]


def test_a_slide_that_spans_two_ranges_is_one_slide(film: Film) -> None:
    lecture, path = film("plain")
    longest = max(lecture.truth, key=lambda truth: truth.end - truth.start)
    middle = (longest.start + longest.end) / 2
    joined = join_showings(in_ranges(path, [0.0, middle, 1e9]), OPTIONS)
    assert len(joined) == len(lecture.truth)


def even(lecture: Lecture, count: int) -> list[float]:
    return [lecture.seconds * part / count for part in range(1, count)]


def in_changes(lecture: Lecture, count: int) -> list[float]:
    """In the middle of the first changes, fades or cuts, as the subject has them."""
    return [truth.start for truth in lecture.truth[1:count]]


def in_builds(lecture: Lecture, count: int) -> list[float]:
    """At the time of a build, and a little before and after one."""
    builds = [time for truth in lecture.truth for time in truth.builds[1:]]
    return [time + after for time, after in zip(builds, [0.0, -0.3, 0.3], strict=False)]


@pytest.mark.parametrize(
    ("subject", "seams", "count"),
    [
        ("builds", in_builds, 3),
        ("builds", even, 7),
        ("fades", in_changes, 4),
        ("returns", in_changes, 4),
        ("inset", even, 3),
        ("short_groups", even, 7),
        ("one_group", even, 2),
    ],
)
def test_ranges_joined_equal_the_whole(
    film: Film, subject: str, seams: Callable[[Lecture, int], list[float]], count: int
) -> None:
    lecture, path = film(subject)
    whole = find_slides(path, OPTIONS, LIMITS)
    joined = join_showings(in_ranges(path, [0.0, *seams(lecture, count), 1e9]), OPTIONS)
    assert [one.start_seconds for one in joined] == pytest.approx([one.start_seconds for one in whole], abs=0.5)
    assert [one.returns_of for one in joined] == [one.returns_of for one in whole]
    assert [one.kind for one in joined] == [one.kind for one in whole]


def test_a_range_behind_the_end_is_empty(film: Film) -> None:
    lecture, path = film("plain")
    assert find_slides(path, OPTIONS, LIMITS, start_seconds=lecture.seconds + 60) == []


def test_a_transport_stream_gives_what_the_same_film_in_another_container_gives(film: Film, tmp_path: Path) -> None:
    lecture, path = film("short_groups")
    stream = tmp_path / "lecture.ts"
    remuxed(path, stream)
    whole = find_slides(path, OPTIONS, LIMITS)
    joined = join_showings(in_ranges(stream, [0.0, lecture.seconds / 2, 1e9]), OPTIONS)
    assert [one.start_seconds for one in joined] == pytest.approx([one.start_seconds for one in whole], abs=0.5)
