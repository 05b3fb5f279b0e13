"""Tells where a scene of a film ends: the colours or the layout of the picture are all at once others."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# Small enough that what moves within a scene hardly shows.
SMALL_PX = (32, 18)
_BINS = 6
# It is another scene where so little of the picture keeps its colours and the layout is not quite the same (light that
# is switched on changes all colours, and nothing else), or where more keeps its colours and the layout is quite another
# (a camera that turns keeps both). Calibrated in tests/test_scenes.py.
_RULES = ((0.5, 0.75), (0.8, 0.35))


def reduced(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make a frame so small that only its colours and its layout are left: 18 x 32 x 3."""
    return np.asarray(cv2.resize(pixels, SMALL_PX, interpolation=cv2.INTER_AREA), np.uint8)


def is_cut(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> bool:
    """Say whether another scene begins between two frames, as `reduced` made them."""
    colours = float(np.minimum(_histogram(before), _histogram(after)).sum())
    layout = _layout(before, after)
    return any(colours < most_colours and layout < most_layout for most_colours, most_layout in _RULES)


def _histogram(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    counts = cv2.calcHist([small], [0, 1, 2], None, [_BINS] * 3, [0, 256] * 3)
    return np.asarray(counts.ravel() / (small.shape[0] * small.shape[1]), np.float32)


def _layout(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """Give the correlation of two frames, -1 to 1; 1 where both are of one colour each, 0 where only one is."""
    one, other = (small.astype(np.float32) - small.mean() for small in (before, after))
    lengths = [float(np.linalg.norm(small)) for small in (one, other)]
    if min(lengths) < 1.0:
        return float(max(lengths) < 1.0)
    return float(np.sum(one * other)) / (lengths[0] * lengths[1])
