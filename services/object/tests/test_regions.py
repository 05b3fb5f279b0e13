"""Outlines, sizes and COCO masks of regions of any shape."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from coco import run_lengths
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sightline.object.regions import Region, coco_counts, rings, sizes

Masks = arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12))).filter(lambda mask: mask.any())


def decoded(counts: str, height_px: int, width_px: int) -> NDArray[np.bool_]:
    """Read COCO's packed run lengths, as `rleFrString` and `rleDecode` of its API do."""
    lengths = run_lengths(counts)
    flat = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    assert len(flat) == height_px * width_px
    return flat.reshape(width_px, height_px).T


def disc(radius_px: float, hole_px: float = 0.0) -> Region:
    side = int(radius_px) + 3
    rows, columns = np.mgrid[-side : side + 1, -side : side + 1]
    away = np.hypot(rows, columns)
    return Region((away <= radius_px) & (away >= hole_px), 7, 11)


@given(Masks, st.integers(0, 5), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_a_mask_survives_coco_and_back(mask: NDArray[np.bool_], left: int, top: int, right: int, bottom: int) -> None:
    whole = np.pad(mask, ((top, bottom), (left, right)))
    assert np.array_equal(decoded(coco_counts(Region(mask, left, top), *whole.shape), *whole.shape), whole)


def test_a_known_mask_has_the_counts_that_coco_gives_it() -> None:
    mask = np.zeros((4, 4), np.bool_)
    mask[1:3, 1:3] = True
    assert coco_counts(Region(mask, 0, 0), 4, 4) == "52203"


@settings(deadline=None)
@given(Masks)
def test_rings_drawn_and_filled_are_the_region_again(mask: NDArray[np.bool_]) -> None:
    drawn = np.zeros((mask.shape[0] * 8, mask.shape[1] * 8), np.uint8)
    for ring in rings(Region(mask, 0, 0), 0.0):
        corners = np.round(ring.points * 8 - 0.5).astype(np.int32)
        cv2.fillPoly(drawn, [corners], 0 if ring.hole else 1)
    # A ring runs between the middles of pixels inside and outside, so each middle is on its own side.
    assert np.array_equal(drawn[4::8, 4::8].astype(np.bool_), mask)


@pytest.mark.parametrize("radius_px", [8, 15, 30, 60, 200])
def test_a_disc_is_measured_as_a_circle(radius_px: int) -> None:
    measured = sizes(disc(radius_px))
    assert measured.area == pytest.approx(math.pi * radius_px**2, rel=0.03)
    assert measured.equivalent_diameter == pytest.approx(2 * radius_px, rel=0.02)
    assert measured.perimeter == pytest.approx(2 * math.pi * radius_px, rel=0.05)
    assert measured.circularity > (0.95 if radius_px > 10 else 0.9)


def test_a_long_shape_is_less_round_than_a_square_one() -> None:
    square, bar = (sizes(Region(np.ones(shape, np.bool_), 0, 0)) for shape in ((40, 40), (8, 200)))
    assert bar.circularity < 0.3 < 0.7 < square.circularity < 0.9


def test_a_hole_is_a_ring_of_its_own_and_no_area() -> None:
    region = disc(40, hole_px=20)
    outer, hole = rings(region, 0.5)
    assert (outer.hole, hole.hole) == (False, True)
    assert sizes(region).area == pytest.approx(math.pi * (40**2 - 20**2), rel=0.01)
    assert sizes(region).perimeter == pytest.approx(2 * math.pi * 40, rel=0.02)
    assert region.box == (10.0, 14.0, 91.0, 95.0)


def test_simpler_rings_have_fewer_corners_and_nearly_the_same_area() -> None:
    exact, simple = (rings(disc(60), tolerance)[0].points for tolerance in (0.0, 1.0))
    assert len(simple) < len(exact) / 4
    assert cv2.contourArea(simple) == pytest.approx(cv2.contourArea(exact), rel=0.02)


def test_each_part_of_a_region_has_a_ring_the_largest_first() -> None:
    mask = np.zeros((30, 60), np.bool_)
    mask[5:10, 5:10] = mask[5:25, 30:50] = True
    large, small = rings(Region(mask, 0, 0), 0.5)
    assert large.points.min(axis=0).tolist() == pytest.approx([30, 5], abs=0.51)
    assert small.points.min(axis=0).tolist() == pytest.approx([5, 5], abs=0.51)
