"""A film searched in ranges gives what the whole film gives."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from bench.lectures import Lecture
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


@pytest.mark.parametrize("subject", ["builds", "returns", "inset"])
def test_ranges_joined_equal_the_whole(film: Film, subject: str) -> None:
    lecture, path = film(subject)
    whole = find_slides(path, OPTIONS, LIMITS)
    third = lecture.seconds / 3
    joined = join_showings(in_ranges(path, [0.0, third, 2 * third, 1e9]), OPTIONS)
    assert [one.start_seconds for one in joined] == pytest.approx([one.start_seconds for one in whole], abs=0.5)
    assert [one.returns_of for one in joined] == [one.returns_of for one in whole]


def test_a_seam_at_a_transition_neither_loses_nor_doubles_a_slide(film: Film) -> None:
    lecture, path = film("plain")
    for truth in lecture.truth[1:3]:
        joined = join_showings(in_ranges(path, [0.0, truth.start, 1e9]), OPTIONS)
        assert len(joined) == len(lecture.truth)


def test_a_range_behind_the_end_is_empty(film: Film) -> None:
    lecture, path = film("plain")
    assert find_slides(path, OPTIONS, LIMITS, start_seconds=lecture.seconds + 60) == []
