"""Cuts faces out so that their landmarks lie where they are expected."""

from __future__ import annotations

import cv2
import numpy as np
from insightface.utils.face_align import arcface_dst
from numpy.typing import NDArray

CROP_SIDE_PX = 112
"""Side of an aligned face, as the embedders take it."""
EYE_DISTANCE = float(np.hypot(*(arcface_dst[1] - arcface_dst[0]))) / CROP_SIDE_PX
"""Distance between the eyes of an aligned face, as a share of its side."""

_ALIGNED = np.asarray(arcface_dst, np.float64) / CROP_SIDE_PX


def align(pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], side_px: int = CROP_SIDE_PX) -> NDArray[np.uint8]:
    """Cut a face out, turned and scaled so that its landmarks lie where the embedders expect them.

    Args:
        pixels: height x width x 3, uint8, BGR.
        landmarks: 5 x 2, in those pixels.
        side_px: side of the crop.

    Returns:
        side x side x 3, uint8, BGR; black where the landmarks coincide.

    Source: ArcFace (Deng et al. 2019), section 3.1; the crop is that of insightface's `norm_crop`.
    """
    matrix = _similarity(np.asarray(landmarks, np.float64), _ALIGNED * side_px)
    if matrix is None:
        return np.zeros((side_px, side_px, 3), np.uint8)
    return np.asarray(cv2.warpAffine(pixels, matrix, (side_px, side_px), borderValue=0), np.uint8)


def _similarity(points: NDArray[np.float64], to: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Give the turn, scale and shift (2 x 3) that bring points nearest to others; None where they coincide.

    In the plane such a map is one complex factor and one complex sum, so that least squares have a closed form,
    at a tenth of the time of the general one (Umeyama 1991).
    """
    before, after = points @ (1, 1j), to @ (1, 1j)
    centre, target = before.mean(), after.mean()
    spread = float(np.sum(np.abs(before - centre) ** 2))
    if spread < 1e-9:
        return None
    factor = np.sum(np.conj(before - centre) * (after - target)) / spread
    shift = target - factor * centre
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])
