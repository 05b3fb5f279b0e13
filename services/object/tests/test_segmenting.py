"""Microscope pictures with known truth, and what models see at the picture's own size."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sightline.common.errors import InvalidRequest
from sightline.common.media import Image, decode_image
from sightline.common.settings import MediaLimits
from sightline.object.classical import CELLS, SPHEROIDS, ClassicalEngine
from sightline.object.detector import Detector
from sightline.object.mask_engine import MaskEngine
from sightline.object.options import DetectOptions, SegmentOptions
from sightline.object.segmentation import segment

Make = Callable[..., Any]
OPTIONS = SegmentOptions()


@pytest.fixture
def spheroids() -> ClassicalEngine:
    return ClassicalEngine("spheroids-classical", SPHEROIDS, 2048)


@pytest.fixture
def cells() -> ClassicalEngine:
    return ClassicalEngine("cells-classical", CELLS, 2048)


def compared(engine: ClassicalEngine, culture: Any, whole_mask: Make) -> tuple[list[float], list[float], int]:
    """Give the intersection over union and the error of the area of each true object, and how many were found."""
    found = list(engine.find(culture.image, OPTIONS))
    owner = np.zeros(culture.truth[0].shape, np.int32)  # no pixel has two
    for number, one in enumerate(found, start=1):
        owner[whole_mask(one.region, owner.shape)] = number
    overlaps, errors = [], []
    for true in culture.truth:
        best = owner == np.bincount(owner[true], minlength=2)[1:].argmax() + 1
        overlaps.append((best & true).sum() / (best | true).sum())
        errors.append(best.sum() / true.sum() - 1)
    return overlaps, errors, len(segment(engine, culture.image, OPTIONS))


@pytest.mark.parametrize("changes", [{}, {"bright": False}, {"noise": 15.0, "blur_px": 3.0}], ids=str)
def test_separate_spheroids_are_found_exactly(
    spheroids: ClassicalEngine, culture: Make, whole_mask: Make, changes: dict[str, Any]
) -> None:
    for seed in range(2):
        made = culture(seed, touching=False, **changes)
        overlaps, errors, count = compared(spheroids, made, whole_mask)
        assert count == len(made.truth)
        assert np.mean(overlaps) >= 0.97
        assert np.mean(np.abs(errors)) <= 0.01
        assert np.abs(errors).max() <= 0.05


@pytest.mark.parametrize("changes", [{}, {"noise": 15.0, "blur_px": 3.0}], ids=str)
def test_touching_spheroids_are_told_apart(
    spheroids: ClassicalEngine, culture: Make, whole_mask: Make, changes: dict[str, Any]
) -> None:
    for seed in range(2):
        made = culture(seed, touching=True, **changes)
        overlaps, errors, count = compared(spheroids, made, whole_mask)
        assert count == len(made.truth)
        assert np.mean(overlaps) >= 0.9
        assert min(overlaps) >= 0.7
        assert abs(np.mean(errors)) <= 0.03


def test_small_cells_are_found_whether_they_touch_or_not(
    cells: ClassicalEngine, culture: Make, whole_mask: Make
) -> None:
    for touching, least in ((False, 0.95), (True, 0.9)):
        made = culture(3, touching=touching, radii_px=(8, 14), count=60, blur_px=1.2)
        overlaps, errors, count = compared(cells, made, whole_mask)
        assert count == len(made.truth)
        assert np.mean(overlaps) >= least
        assert abs(np.mean(errors)) <= 0.03


def test_nothing_is_found_where_there_is_nothing(spheroids: ClassicalEngine, as_image: Callable[..., Image]) -> None:
    noise = np.random.default_rng(0).normal(120, 8, (600, 800, 1)).clip(0, 255).astype(np.uint8)
    for pixels in (np.repeat(noise, 3, axis=2), np.full((300, 400, 3), 90, np.uint8)):
        assert segment(spheroids, as_image(pixels), OPTIONS) == []


def test_a_ring_keeps_its_hole(spheroids: ClassicalEngine, as_image: Callable[..., Image]) -> None:
    pixels = np.full((300, 400, 3), 60, np.uint8)
    cv2.circle(pixels, (200, 150), 80, (170, 170, 170), 40)
    (one,) = segment(spheroids, as_image(pixels), OPTIONS)
    assert [ring.hole for ring in one.polygon] == [False, True]
    assert one.sizes.area == pytest.approx(math.pi * (100**2 - 60**2), rel=0.03)


def test_sizes_and_number_can_be_limited(spheroids: ClassicalEngine, culture: Make) -> None:
    image = culture(0, touching=False).image
    every = segment(spheroids, image, OPTIONS)
    diameters = [one.sizes.equivalent_diameter for one in every]
    assert diameters == sorted(diameters, reverse=True)
    middle = diameters[len(diameters) // 2]
    small = segment(spheroids, image, SegmentOptions(max_diameter_px=middle))
    assert [one.sizes.equivalent_diameter for one in small] == [one for one in diameters if one <= middle]
    large = segment(spheroids, image, SegmentOptions(min_diameter_px=middle, max_segments=3, masks=False))
    assert [one.sizes.equivalent_diameter for one in large] == diameters[:3]
    assert all(one.counts is None for one in large)


def test_a_large_picture_is_worked_on_smaller_and_measured_at_its_own_size(
    culture: Make, as_image: Callable[..., Image]
) -> None:
    small = culture(0, touching=False, noise=2.0)
    pixels = np.asarray(cv2.resize(small.image.pixels, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)
    found = segment(ClassicalEngine("spheroids-classical", SPHEROIDS, 1024), as_image(pixels), OPTIONS)
    true_px = sorted((9 * float(mask.sum()) for mask in small.truth), reverse=True)
    assert [one.sizes.area for one in found] == pytest.approx(true_px, rel=0.03)


def test_an_object_at_the_edge_says_so(spheroids: ClassicalEngine, as_image: Callable[..., Image]) -> None:
    pixels = np.full((300, 400, 3), 60, np.uint8)
    cv2.circle(pixels, (0, 150), 60, (170, 170, 170), -1)
    cv2.circle(pixels, (250, 150), 50, (170, 170, 170), -1)
    assert sorted(one.touches_edge for one in segment(spheroids, as_image(pixels), OPTIONS)) == [False, True]


def test_a_class_that_an_engine_does_not_know_is_refused(spheroids: ClassicalEngine, culture: Make) -> None:
    with pytest.raises(InvalidRequest, match="spheroid"):
        segment(spheroids, culture(0, touching=False).image, SegmentOptions(classes=("unicorn",)))


def prototype_detector(default_detector: Detector, mask: NDArray[np.bool_]) -> Detector:
    """The default model with a prototype that is known: each object is what `mask` (160 x 160) shows of it."""

    class WithMask(Detector):
        def look(self, image: Image, options: Any) -> Any:
            look = super().look(image, options)
            logits = np.where(mask, 4.0, -4.0).astype(np.float32)[None]
            candidates = type(look.candidates)(
                look.candidates.boxes,
                look.candidates.scores,
                look.candidates.classes,
                np.ones((len(look.candidates), 1), np.float32),
            )
            return type(look)(candidates, look.placement, logits, look.canvas_px)

    return WithMask(default_detector._model, default_detector._settings, default_detector.identity)


def test_a_mask_of_a_model_lies_where_its_prototype_says(
    default_detector: Detector, take: Callable[[str], Image]
) -> None:
    rows, columns = np.mgrid[:160, :160]
    disc = np.hypot(rows + 0.5 - 90, columns + 0.5 - 60) < 40
    engine = MaskEngine(prototype_detector(default_detector, disc))
    one = segment(engine, take("astronaut"), SegmentOptions())[0]
    # 160 prototypes for 512 pixels: the disc has its middle at 192, 288 and a radius of 128.
    assert one.box == pytest.approx((64, 160, 320, 416), abs=3)
    assert one.sizes.area == pytest.approx(math.pi * 128**2, rel=0.02)


def test_models_that_segment_give_masks_inside_their_boxes(detector: Detector, take: Callable[[str], Image]) -> None:
    image = take("chelsea")
    known = np.ones((160, 160), np.bool_)
    engine = MaskEngine(detector if detector.head.task == "segment" else prototype_detector(detector, known))
    segments = segment(engine, image, OPTIONS)
    assert len(segments) == len(detector.detect(image, DetectOptions()))
    largest = segments[0]
    area = (largest.box[2] - largest.box[0]) * (largest.box[3] - largest.box[1])
    assert 0.4 * area < largest.sizes.area <= area


@pytest.mark.parametrize("size", [(24, 4000), (4000, 24), (16, 50_000)])
def test_a_narrow_strip_is_segmented_as_well(
    spheroids: ClassicalEngine, as_image: Callable[..., Image], size: tuple[int, int]
) -> None:
    pixels = np.random.default_rng(0).integers(20, 40, (*size, 3), np.uint8)
    middle = max(size) // 2
    along = pixels if size[1] > size[0] else pixels.swapaxes(0, 1)
    along[:, middle - 200 : middle + 200] = 200
    found = segment(spheroids, as_image(pixels), OPTIONS)
    assert [one.touches_edge for one in found] == [True]
    assert abs(found[0].sizes.area / (min(size) * 400) - 1) < 0.1


def test_a_dim_picture_of_a_camera_of_twelve_bits_is_segmented(spheroids: ClassicalEngine) -> None:
    pixels = np.full((300, 400), 200.0)
    cv2.circle(pixels, (200, 150), 40, 3000.0, -1)
    noisy = pixels + np.random.default_rng(0).normal(0, 40, pixels.shape)
    data = cv2.imencode(".tiff", noisy.clip(0, 4095).astype(np.uint16))[1].tobytes()
    found = segment(spheroids, decode_image(data, MediaLimits()), OPTIONS)
    assert len(found) == 1
    assert abs(found[0].sizes.area / (math.pi * 40**2) - 1) < 0.03
