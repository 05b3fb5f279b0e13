"""Segmentation by an Ultralytics model: each object is a mix of the picture's prototypes, cut to its box."""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.common.media import Image
from sightline.common.media.geometry import Box
from sightline.object.detector import Detector, Look
from sightline.object.identity import ModelIdentity
from sightline.object.options import DetectOptions, SegmentOptions
from sightline.object.regions import Region
from sightline.object.segmentation import Found


class MaskEngine:
    """A segmentation model.

    Attributes:
        min_diameter_px: 0: whatever the model sees is given.
    """

    min_diameter_px = 0.0

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    @property
    def identity(self) -> ModelIdentity:
        """What results call the model."""
        return self._detector.identity

    def find(self, image: Image, options: SegmentOptions) -> Iterator[Found]:
        """Find objects and the pixels of each, at the picture's own size."""
        wanted = DetectOptions(min_score=options.min_score, classes=options.classes)
        look = self._detector.look(image, wanted)
        found = look.candidates
        for place, (score, index) in enumerate(zip(found.scores, found.classes, strict=True)):
            region = self.region_of(look, place)
            if region is not None:
                yield Found(region, float(score), self._detector.head.names[index])

    def region_of(self, look: Look, place: int) -> Region | None:
        """Give the pixels of one object of a look; None where it has none."""
        left, top, right, bottom = look.placement.boxes(look.candidates.boxes[place : place + 1])[0].tolist()
        return _region(look, look.candidates.extras[place], (left, top, right, bottom))


def _region(look: Look, mix: NDArray[np.float32], box: Box) -> Region | None:
    """Mix the prototypes, and look at them through the box at the size of the picture.

    Source: YOLACT (Bolya et al. 2019), section 3.2; the parity is tested in tests/test_parity.py.
    """
    assert look.prototypes is not None
    channels, height, width = look.prototypes.shape
    logits = (mix @ look.prototypes.reshape(channels, -1)).reshape(height, width)
    left, top = math.floor(box[0]), math.floor(box[1])
    across, down = math.ceil(box[2]) - left, math.ceil(box[3]) - top
    if across < 1 or down < 1:
        return None
    # From the middle of a pixel of the box to the prototypes: to the canvas, then to their smaller size.
    place, shrink = look.placement, np.array([width, height]) / np.array(look.canvas_px[::-1])
    gain = np.array([place.gain_x, place.gain_y]) * shrink
    offset = (np.array([left, top]) + 0.5) * gain + np.array([place.left_px, place.top_px]) * shrink - 0.5
    matrix = np.array([[gain[0], 0, offset[0]], [0, gain[1], offset[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(logits, matrix, (across, down), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    mask = np.asarray(seen > 0) & _inside(box, left, top, across, down)
    return Region(mask, left, top) if mask.any() else None


def _inside(box: Box, left: int, top: int, across: int, down: int) -> NDArray[np.bool_]:
    columns, rows = np.arange(left, left + across), np.arange(top, top + down)
    inside_columns = (columns >= box[0]) & (columns < box[2])
    inside_rows = (rows >= box[1]) & (rows < box[3])
    return np.asarray(inside_rows[:, None] & inside_columns[None, :], np.bool_)
