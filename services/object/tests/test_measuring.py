"""What is told of a segment holds together: outline, mask, area and size, in pixels and in micrometres."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from coco import run_lengths
from numpy.typing import NDArray

from sightline.common.media import Image, decode_image
from sightline.common.settings import MediaLimits
from sightline.object.classical import CELLS, ClassicalEngine, brightness
from sightline.object.messages import segment_result
from sightline.object.options import SegmentOptions
from sightline.object.segmentation import segment
from sightline.v1.object_pb2 import Segment, SegmentResult

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]


@pytest.fixture
def cells() -> ClassicalEngine:
    return ClassicalEngine("cells-classical", CELLS, 2048)


def discs(light: Colour, ground: Colour, noise: float = 3.0) -> tuple[Pixels, NDArray[np.bool_]]:
    """Make 24 discs of one colour on another, in BGR, and the mask of them all."""
    mask = np.zeros((300, 400), np.uint8)
    for y in range(50, 280, 60):
        for x in range(50, 380, 60):
            cv2.circle(mask, (x, y), 12, 1, -1)
    share = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.5)[..., None]
    pixels = np.array(ground) * (1 - share) + np.array(light) * share
    noisy = pixels + np.random.default_rng(0).normal(0, noise, pixels.shape)
    return noisy.clip(0, 255).round().astype(np.uint8), mask.astype(np.bool_)


def told(engine: ClassicalEngine, image: Image, um_per_px: float | None = None) -> SegmentResult:
    return segment_result(segment(engine, image, SegmentOptions()), image, engine.identity, um_per_px)


def outlined(one: Segment, width: int, height: int) -> float:
    """Give the area within the outlines less that of the holes, in pixels."""
    area = 0.0
    for ring in one.polygon:
        points = np.array([(point.x * width, point.y * height) for point in ring.points], np.float32)
        area += cv2.contourArea(points) * (-1 if ring.hole else 1)
    return area


def test_outline_mask_area_and_box_tell_of_the_same_pixels(
    cells: ClassicalEngine, as_image: Callable[[Pixels], Image]
) -> None:
    pixels = np.full((240, 400, 3), 50, np.uint8)
    cv2.circle(pixels, (100, 120), 60, (180, 180, 180), 30)  # a ring
    cv2.circle(pixels, (0, 30), 25, (180, 180, 180), -1)  # at the edge
    cv2.ellipse(pixels, (290, 120), (70, 30), 30, 0, 360, (180, 180, 180), -1)
    cv2.rectangle(pixels, (360, 200), (399, 239), (180, 180, 180), -1)  # in the corner
    result = told(cells, as_image(pixels))
    assert len(result.segments) == 4
    assert sorted(one.touches_edge for one in result.segments) == [False, False, True, True]
    assert [sum(ring.hole for ring in one.polygon) for one in result.segments].count(1) == 1
    for one in result.segments:
        assert (one.mask.size.width_px, one.mask.size.height_px) == (400, 240)
        lengths = run_lengths(one.mask.counts)
        assert sum(lengths) == 400 * 240
        assert sum(lengths[1::2]) == one.area_px
        assert outlined(one, 400, 240) == pytest.approx(one.area_px, rel=0.02)
        columns, rows = np.array([(p.x, p.y) for ring in one.polygon for p in ring.points]).T
        box = (columns.min(), rows.min(), columns.max(), rows.max())
        assert box == pytest.approx((one.box.left, one.box.top, one.box.right, one.box.bottom), abs=0.006)
        assert 0 <= min(box) <= max(box) <= 1


@pytest.mark.parametrize("um_per_px", [0.01, 0.65, 3.0])
def test_micrometres_follow_from_pixels_in_one_dimension_and_in_two(
    cells: ClassicalEngine, as_image: Callable[[Pixels], Image], um_per_px: float
) -> None:
    image = as_image(discs((200, 200, 200), (40, 40, 40))[0])
    for one in told(cells, image, um_per_px).segments:
        assert one.area_um2 == pytest.approx(one.area_px * um_per_px**2)
        assert one.perimeter_um == pytest.approx(one.perimeter_px * um_per_px)
        assert one.equivalent_diameter_um == pytest.approx(math.sqrt(4 * one.area_um2 / math.pi))
    assert not any(one.HasField("area_um2") for one in told(cells, image).segments)


@pytest.mark.parametrize(
    ("light", "ground"),
    [
        pytest.param((200, 200, 200), (60, 60, 60), id="bright on dark"),
        pytest.param((60, 60, 60), (200, 200, 200), id="dark on bright"),
        pytest.param((200, 0, 0), (5, 0, 0), id="blue on black"),
        pytest.param((40, 5, 5), (5, 5, 5), id="faint blue on black"),
        pytest.param((0, 5, 60), (0, 5, 5), id="red on black"),
        pytest.param((150, 60, 120), (220, 190, 235), id="violet on pink"),
        pytest.param((60, 120, 200), (60, 195, 52), id="red on a green that is as bright"),
    ],
)
def test_stained_cells_of_any_colour_are_found_and_measured(
    cells: ClassicalEngine, as_image: Callable[[Pixels], Image], light: Colour, ground: Colour
) -> None:
    pixels, truth = discs(light, ground)
    result = told(cells, as_image(pixels))
    assert len(result.segments) == 24
    assert sum(one.area_px for one in result.segments) == pytest.approx(np.count_nonzero(truth), rel=0.03)


@pytest.mark.parametrize("extension", [".png", ".tiff"])
def test_a_picture_of_sixteen_bits_is_measured_as_one_of_eight(cells: ClassicalEngine, extension: str) -> None:
    pixels, truth = discs((200, 200, 200), (60, 60, 60))
    grey = pixels[:, :, 0].astype(np.uint16) * 257
    image = decode_image(cv2.imencode(extension, grey)[1].tobytes(), MediaLimits())
    result = told(cells, image)
    assert len(result.segments) == 24
    assert sum(one.area_px for one in result.segments) == pytest.approx(np.count_nonzero(truth), rel=0.03)


def test_a_grey_picture_stays_what_it_is_and_a_coloured_one_keeps_its_range() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (40, 50, 1), np.uint8)
    assert np.array_equal(brightness(np.repeat(grey, 3, axis=2)), grey[:, :, 0])
    blue = np.zeros((40, 50, 3), np.uint8)
    blue[:, :, 0] = grey[:, :, 0]
    assert brightness(blue) == pytest.approx(grey[:, :, 0].astype(np.float32), abs=1e-3)
    flat = np.full((40, 50, 3), (10, 20, 30), np.uint8)
    assert np.ptp(brightness(flat)) == 0
