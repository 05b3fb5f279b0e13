"""Regions of a picture: their outlines, their sizes, and their pixels as COCO writes them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import find_contours, perimeter_crofton

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """The pixels of one object, cut out of the picture.

    Attributes:
        mask: height x width, bool; at least one pixel is set.
        left_px: column of the picture that the mask's first one is.
        top_px: row of the picture that the mask's first one is.
    """

    mask: Mask
    left_px: int
    top_px: int

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the set pixels, in pixels of the picture."""
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        left, right = self.left_px + int(columns[0]), self.left_px + int(columns[-1]) + 1
        return float(left), float(self.top_px + int(rows[0])), float(right), float(self.top_px + int(rows[-1]) + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Ring:
    """A closed line.

    Attributes:
        points: n x 2, float32, x and y in pixels of the picture from its top left corner; the last is joined to
            the first.
        hole: whether it goes round a hole.
    """

    points: NDArray[np.float32]
    hole: bool


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large a region is, in pixels.

    Attributes:
        area: without its holes.
        perimeter: length of the outer outline.
        equivalent_diameter: of the circle of the same area.
        circularity: 4 pi times the area within the outer outline over its length squared, 0 to 1.
    """

    area: float
    perimeter: float
    equivalent_diameter: float
    circularity: float


def sizes(region: Region) -> Sizes:
    """Measure a region.

    Source: the perimeter is the Crofton formula in four directions, since counting steps along the pixels makes
    a circle 5 to 27 % too long.
    """
    area = float(np.count_nonzero(region.mask))
    filled = np.pad(ndimage.binary_fill_holes(region.mask), 1)
    perimeter = float(perimeter_crofton(filled, directions=4))
    within = float(np.count_nonzero(filled))
    circularity = min(4 * math.pi * within / perimeter**2, 1.0) if perimeter > 0 else 0.0
    return Sizes(area, perimeter, math.sqrt(4 * area / math.pi), circularity)


def rings(region: Region, tolerance_px: float) -> list[Ring]:
    """Trace the outlines.

    Args:
        region: what is traced.
        tolerance_px: how far a ring may stray from the outline to have fewer corners.

    Returns:
        The outer ring of each part, each followed by its holes, the largest part first.
    """
    parts, count = ndimage.label(region.mask)
    found = [_rings_of_part(parts == number + 1, region, tolerance_px) for number in range(count)]
    return [ring for part in sorted(found, key=lambda part: -_area(part[0].points)) for ring in part]


def _rings_of_part(part: Mask, region: Region, tolerance_px: float) -> list[Ring]:
    lines = find_contours(np.pad(part, 1).astype(np.float32), 0.5)
    # From the middle of a pixel of the padded mask to the corner of the picture.
    shift = np.array([region.left_px - 0.5, region.top_px - 0.5])
    traced = [np.asarray(line[:-1, ::-1] + shift, np.float32) for line in lines]
    traced.sort(key=_area, reverse=True)
    return [Ring(_simplified(points, tolerance_px), hole=number > 0) for number, points in enumerate(traced)]


def _simplified(points: NDArray[np.float32], tolerance_px: float) -> NDArray[np.float32]:
    fewer = np.asarray(cv2.approxPolyDP(points[:, None], tolerance_px, closed=True), np.float32)[:, 0]
    return fewer if len(fewer) >= 3 else points


def _area(points: NDArray[np.float32]) -> float:
    return abs(float(cv2.contourArea(points)))


def run_lengths(region: Region, height_px: int) -> NDArray[np.int64]:
    """Give the lengths of runs of pixels, outside and inside in turn, beginning outside, column after column.

    Args:
        region: pixels of a picture.
        height_px: the height of that picture.

    Returns:
        The lengths up to the last pixel inside; what follows is outside.
    """
    columns = np.pad(region.mask.T, ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(columns, axis=1)
    at = region.left_px * height_px + region.top_px
    starts_column, starts_row = np.nonzero(steps == 1)
    ends_column, ends_row = np.nonzero(steps == -1)
    starts = starts_column.astype(np.int64) * height_px + starts_row + at
    ends = ends_column.astype(np.int64) * height_px + ends_row + at
    # A run that ends at the foot of a column goes on at the head of the next.
    apart = starts[1:] != ends[:-1]
    starts, ends = np.append(starts[:1], starts[1:][apart]), np.append(ends[:-1][apart], ends[-1:])
    edges = np.stack([starts, ends], axis=1).ravel()
    return np.diff(edges, prepend=0)


def coco_counts(region: Region, height_px: int, width_px: int) -> str:
    """Write a region of a picture of this size as the `counts` of a compressed COCO run-length mask.

    Source: `rleToString` in the COCO API, maskApi.c: five bits a character from 48 on, the sixth says that more
    follow, and from the fourth length on only the difference to the last but one of its kind is written.
    """
    lengths = run_lengths(region, height_px).tolist()
    rest = height_px * width_px - sum(lengths)
    if rest:
        lengths.append(rest)
    return "".join(
        _packed(length - lengths[index - 2] if index > 2 else length) for index, length in enumerate(lengths)
    )


def _packed(number: int) -> str:
    characters = []
    more = True
    while more:
        bits, number = number & 0x1F, number >> 5
        more = number != (-1 if bits & 0x10 else 0)
        characters.append(chr(48 + (bits | 0x20 if more else bits)))
    return "".join(characters)
