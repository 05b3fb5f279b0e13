"""Boxes and canvases, whatever the numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, strategies as st

from sightline.common.media.geometry import Box, intersection_over_union
from sightline.face import geometry
from sightline.face.model import STRIDE_PX, unit_length

edges = st.floats(-1e5, 1e5, width=32)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, top = draw(st.floats(0, 1000)), draw(st.floats(0, 1000))
    return left, top, left + draw(st.floats(0.01, 500)), top + draw(st.floats(0.01, 500))


@dataclass(frozen=True)
class Found:
    box: Box


@given(st.tuples(edges, edges, edges, edges), st.integers(1, 5000), st.integers(1, 5000))
def test_a_box_is_cut_to_the_picture_and_never_inside_out(box: Box, width_px: int, height_px: int) -> None:
    left, top, right, bottom = geometry.inside(np.array(box, np.float32), width_px, height_px)
    assert 0 <= left <= right <= width_px
    assert 0 <= top <= bottom <= height_px


@given(st.lists(boxes(), max_size=8), st.lists(boxes(), max_size=8), st.floats(0, 1))
def test_what_is_added_overlaps_nothing_that_was_there(new: list[Box], kept: list[Box], iou: float) -> None:
    old = [Found(box) for box in kept]
    added = geometry.without_overlap([Found(box) for box in new], old, iou)
    assert all(intersection_over_union(a.box, b.box) <= iou for a in added for b in old)
    assert {found.box for found in added} <= set(new)


@given(st.integers(1, 3000), st.integers(1, 300), st.sampled_from([32, 192, 640]))
def test_a_resized_picture_keeps_its_shape_and_fits_a_canvas_of_whole_strides(
    width_px: int, height_px: int, side_px: int
) -> None:
    pixels = np.full((height_px, width_px, 3), 9, np.uint8)
    resized, scale = geometry.resized(pixels, side_px)
    assert max(resized.shape[:2]) == side_px
    assert abs(resized.shape[1] - width_px * scale) <= 1
    assert abs(resized.shape[0] - height_px * scale) <= 1
    canvas = geometry.on_canvas(resized)
    assert all(side % STRIDE_PX == 0 for side in canvas.shape[:2])
    assert all(0 <= after - before < STRIDE_PX for after, before in zip(canvas.shape, resized.shape, strict=True))
    assert int(canvas.sum(dtype=np.int64)) == int(resized.sum(dtype=np.int64))


@given(st.lists(st.floats(-100, 100, width=32), min_size=2, max_size=64))
def test_a_vector_becomes_one_of_unit_length_unless_it_is_zero(values: list[float]) -> None:
    vector = np.array(values, np.float32)
    length = float(np.linalg.norm(unit_length(vector)))
    assert length == pytest.approx(1, abs=1e-4) or not np.linalg.norm(vector)
