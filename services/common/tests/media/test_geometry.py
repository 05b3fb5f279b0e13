"""What two boxes have in common, whatever the numbers."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from sightline.common.media.geometry import Box, intersection_over_union


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, top = draw(st.floats(0, 1000)), draw(st.floats(0, 1000))
    return left, top, left + draw(st.floats(0.01, 500)), top + draw(st.floats(0.01, 500))


@given(boxes(), boxes())
def test_intersection_over_union_is_the_same_both_ways_and_a_share(one: Box, other: Box) -> None:
    share = intersection_over_union(one, other)
    assert 0 <= share <= 1 + 1e-9
    assert share == pytest.approx(intersection_over_union(other, one))


@given(boxes())
def test_a_box_is_wholly_itself(box: Box) -> None:
    assert intersection_over_union(box, box) == pytest.approx(1)


def test_boxes_without_an_area_have_nothing_in_common() -> None:
    assert intersection_over_union((1, 1, 1, 1), (1, 1, 1, 1)) == 0


def test_half_of_a_box_beside_it_is_a_third_of_both() -> None:
    assert intersection_over_union((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
