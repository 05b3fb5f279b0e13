"""Times, boxes and parts of results."""

from __future__ import annotations

import pytest

from sightline.common.media.saying import duration, filled, normalized, seconds
from sightline.v1.extract_pb2 import ExtractSlidesResult, Slide


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, 59.999999, 3600.25, -0.5])
def test_a_time_is_what_it_was_to_a_microsecond(value: float) -> None:
    assert seconds(duration(value)) == pytest.approx(value, abs=6e-7)


def test_a_box_is_in_shares_of_the_picture() -> None:
    box = normalized((20.0, 10.0, 100.0, 90.0), (200, 100))
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((0.1, 0.1, 0.5, 0.9))


def test_what_is_repeated_is_divided_over_parts_that_merge_into_the_whole() -> None:
    slides = [Slide(number=number, title="x" * 60) for number in range(10)]
    parts = filled(ExtractSlidesResult(part_count=7), (("slides", slide) for slide in slides), 200)
    assert all(part.ByteSize() <= 200 for part in parts)
    merged = ExtractSlidesResult()
    for part in parts:
        merged.MergeFrom(part)
    assert merged == ExtractSlidesResult(part_count=7, slides=slides)


def test_one_message_larger_than_a_part_is_a_part_of_its_own() -> None:
    slides = [Slide(title="x" * 500), Slide(title="x" * 500), Slide(number=1)]
    parts = filled(ExtractSlidesResult(), (("slides", slide) for slide in slides), 100)
    assert [len(part.slides) for part in parts] == [1, 1, 1]


def test_nothing_that_is_repeated_leaves_one_part() -> None:
    first = ExtractSlidesResult()
    assert filled(first, [], 100) == [first]
