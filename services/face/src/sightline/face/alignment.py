"""Cuts faces out so that their landmarks lie where they are expected."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from insightface.utils.face_align import arcface_dst
from numpy.typing import NDArray

CROP_SIDE_PX = 112
"""Side of an aligned face, as the embedders take it."""
EYE_DISTANCE = float(np.hypot(*(arcface_dst[1] - arcface_dst[0]))) / CROP_SIDE_PX
"""Distance between the eyes of an aligned face, as a share of its side."""

_ALIGNED = [complex(x, y) / CROP_SIDE_PX for x, y in arcface_dst.tolist()]


def align(
    pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], side_px: int = CROP_SIDE_PX, rim_px: int = 0
) -> NDArray[np.uint8]:
    """Cut a face out, turned and scaled so that its landmarks lie where the embedders expect them.

    Args:
        pixels: height x width x 3, uint8, BGR.
        landmarks: 5 x 2, in those pixels.
        side_px: side of the crop.
        rim_px: how much of it is left out on every side.

    Returns:
        side x side x 3 without the rim, uint8, BGR; black where the landmarks coincide.

    Source: ArcFace (Deng et al. 2019), section 3.1; the crop is that of insightface's `norm_crop`.
    """
    inner_px = side_px - 2 * rim_px
    points = [complex(x, y) for x, y in landmarks.tolist()]
    matrix = _similarity(points, [point * side_px - complex(rim_px, rim_px) for point in _ALIGNED])
    if matrix is None:
        return np.zeros((inner_px, inner_px, 3), np.uint8)
    return np.asarray(cv2.warpAffine(pixels, matrix, (inner_px, inner_px), borderValue=0), np.uint8)


def _similarity(points: Sequence[complex], to: Sequence[complex]) -> NDArray[np.float64] | None:
    """Give the turn, scale and shift (2 x 3) that bring points nearest to others; None where they coincide.

    In the plane such a map is one complex factor and one complex sum, so that least squares have a closed form,
    at a tenth of the time of the general one (Umeyama 1991). Python's numbers: for five points arrays are slower.
    """
    centre, target = sum(points) / len(points), sum(to) / len(to)
    around = [point - centre for point in points]
    spread = sum(abs(point) ** 2 for point in around)
    if spread < 1e-9:
        return None
    factor = sum(point.conjugate() * (place - target) for point, place in zip(around, to, strict=True)) / spread
    shift = target - factor * centre
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])
