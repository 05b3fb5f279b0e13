"""What a frame looks like, in a few numbers: how it differs from another, and whether it is worth showing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Small enough that noise and trembling hands vanish, large enough that another line of text does not.
_GRID = (32, 18)
# Sharpness is measured at one width, so that it can be compared.
_SHARP_WIDTH_PX = 320
# Darker, or more even, than this shows nothing: leaders, fades, blue screens.
_DARK, _EVEN = 0.07, 0.03
# Of a fade, so much of the difference of its two scenes may be left unexplained.
_MIXED = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One frame that may be chosen.

    Attributes:
        seconds: its time.
        grid: 18 x 32 x 3, float32, 0 to 1, BGR: the picture made very small.
        sharpness: the variance of its Laplacian; 0 or more. Source: Pech-Pacheco et al. 2000.
        blank: whether it shows nothing.
    """

    seconds: float
    grid: NDArray[np.float32]
    sharpness: float
    blank: bool


def look_at(pixels: NDArray[np.uint8], seconds: float) -> Look:
    """Take down what a frame looks like.

    Args:
        pixels: height x width x 3, uint8, BGR.
        seconds: its time.
    """
    height, width = pixels.shape[:2]
    size = (_SHARP_WIDTH_PX, max(1, round(height * _SHARP_WIDTH_PX / width)))
    shown = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    grid = np.asarray(cv2.resize(shown, _GRID, interpolation=cv2.INTER_AREA), np.float32) / np.float32(255)
    grey = cv2.cvtColor(shown, cv2.COLOR_BGR2GRAY)
    sharpness = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    blank = bool(np.percentile(grey, 99) / 255 < _DARK or float(grey.std()) / 255 < _EVEN)
    return Look(seconds, grid, sharpness, blank)


def difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Say how unlike two grids are: the root of the mean square of their differences, 0 to 1."""
    return float(np.sqrt(np.mean(np.square(one - other))))


def is_mixed(look: Look, before: Look, after: Look) -> bool:
    """Say whether a frame is two others laid over each other, as in a fade.

    The share of each is found by least squares; what is left over says whether that explains the frame.
    """
    across = (after.grid - before.grid).ravel()
    length = float(across @ across)
    if length == 0:
        return False
    share = float((look.grid - before.grid).ravel() @ across) / length
    if not 0.1 < share < 0.9:
        return False
    left_over = look.grid - before.grid - share * (after.grid - before.grid)
    return float(np.sqrt(np.mean(np.square(left_over)))) < _MIXED * difference(before.grid, after.grid)
