"""How well a face can be recognised: its size, how sharp it is, and how far the head is turned."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.face.alignment import CROP_SIDE_PX, EYE_DISTANCE, align

# A nose stands out from between the eyes by about 1.15 of half their distance. Source: the five landmarks of
# insightface's mean face (meanshape_68), rounded.
_NOSE_DEPTH = 1.15
# A crop is looked at in its own pixels, but not in fewer than these: there is nothing to be seen in less.
_LEAST_CROP_PX = 24
# Below the first of two nothing is left of a face for the embedder, from the second on nothing is lacking: distance of
# the eyes in pixels, sharpness, and degrees (the other way round). Calibrated in tests/test_quality.py.
_EYES_PX = (8.0, 24.0)
_SHARP = (0.08, 0.34)
_YAW_DEGREES = (70.0, 18.0)
_ROLL_DEGREES = (150.0, 40.0)
_BLUR_PX = 9
# What is left of them, of 255, between neighbours.
_NOISE = np.float32(0.4)


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a face can be recognised.

    Attributes:
        score: all of it together, 0 to 1.
        eye_distance_px: distance between the eyes in pixels of the original.
        sharpness: 0 (blurred beyond use) to 1, as far as the decoded pixels show it.
        yaw_degrees: how far the head is turned to either side, 0 to 90; an estimate from the landmarks.
        roll_degrees: how far it is tilted in the plane of the picture, -180 to 180, above 0 clockwise.
    """

    score: float
    eye_distance_px: float
    sharpness: float
    yaw_degrees: float
    roll_degrees: float


def assess(pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], scale: float = 1.0) -> Quality:
    """Say how well a face can be recognised.

    Args:
        pixels: the picture, height x width x 3, uint8, BGR.
        landmarks: 5 x 2, in those pixels.
        scale: how many of those pixels there are to one of the original, 0 to 1.
    """
    left_eye, right_eye, nose = (complex(*point) for point in landmarks[:3].tolist())
    across = right_eye - left_eye
    eyes_px = abs(across)
    if eyes_px < 1e-3:
        return Quality(0.0, 0.0, 0.0, 90.0, 0.0)
    # How far the nose lies to the side of the middle between the eyes, in halves of their distance.
    aside = ((nose - (left_eye + right_eye) / 2) / across).real * 2
    yaw = math.degrees(math.atan(abs(aside) / _NOSE_DEPTH))
    roll = math.degrees(math.atan2(across.imag, across.real))
    sharp = _sharpness(pixels, landmarks, eyes_px)
    # What is wrong in one way is not made good by another, so the shares are multiplied.
    score = _share(eyes_px / scale, _EYES_PX) * sharp * _share(yaw, _YAW_DEGREES) * _share(abs(roll), _ROLL_DEGREES)
    return Quality(score, eyes_px / scale, sharp, yaw, roll)


def _share(value: float, bounds: tuple[float, float]) -> float:
    none, full = bounds
    return min(max((value - none) / (full - none), 0.0), 1.0)


def _sharpness(pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], eyes_px: float) -> float:
    # Never enlarged: that would look like blur. The rim of the crop is hair and background.
    side_px = round(min(max(eyes_px / EYE_DISTANCE, _LEAST_CROP_PX), CROP_SIDE_PX))
    face = align(pixels, landmarks, side_px, side_px // 8)
    # Grain and the steps of whole numbers are no detail: they are evened out first.
    grey = np.asarray(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY), np.float32)
    even = np.asarray(cv2.GaussianBlur(grey, (3, 3), 0), np.float32)
    return _share(min(_lost(even, 1), _lost(even, 0)), _SHARP)


def _lost(grey: NDArray[np.float32], axis: int) -> float:
    """Give the share of the differences between neighbours that blurring takes away: little where there is blur.

    It hardly depends on contrast or brightness.

    Source: Crete et al. 2007, The blur effect, section 3; the noise is our own addition.
    """
    blurred = np.asarray(cv2.blur(grey, (_BLUR_PX, 1) if axis else (1, _BLUR_PX)), np.float32)
    ahead, behind = (np.s_[:, 1:], np.s_[:, :-1]) if axis else (np.s_[1:], np.s_[:-1])
    before = np.maximum(cv2.absdiff(grey[ahead], grey[behind]) - _NOISE, 0)
    after = cv2.absdiff(blurred[ahead], blurred[behind])
    total = float(before.sum())
    return float(np.maximum(before - after, 0).sum()) / total if total > 0 else 0.0
