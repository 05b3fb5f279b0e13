"""What a frame looks like to the search for slides: its brightness, small, smooth, and where it has edges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# The longer side of the small picture. A line of text of a twentieth of the height is 13 pixels high in it, so a
# changed word is seen, and averaging 2 to 4 pixels each way removes most of the noise of an encoder.
VIEW_SIDE_PX = 480
# Motion is kept for blocks of this many pixels of the small picture: a sixtieth of the width.
BLOCK_PX = 8
# A step in brightness that is an edge; quantisation at low bitrates makes steps of up to 15.
_EDGE_STEP = 24
# Black is 16 in most films, and noise adds to it; the darkest grounds of slides are above 30.
_BLACK = 26
_THUMBNAIL_PX = (32, 18)
_THUMBNAIL_STEP = 12.0
# Ink is busy within this window when it fills this share of it.
_BESIDE_PX = (9, 5)
_BUSY_SHARE = 0.15
_CROSS = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))


@dataclass(frozen=True, eq=False)
class View:
    """One frame, reduced.

    Attributes:
        seconds: its time from the start of the film.
        gray: brightness, height x width with the longer side VIEW_SIDE_PX, uint8.
        key: whether it was a key frame.
    """

    seconds: float
    gray: Gray
    key: bool

    @cached_property
    def soft(self) -> Gray:
        """The brightness after a light blur, so that single pixels of noise do not count."""
        return np.asarray(cv2.GaussianBlur(self.gray, (3, 3), 0), np.uint8)

    @cached_property
    def edges(self) -> Mask:
        """Where there is ink: steps in brightness, whatever the colour of the ground."""
        steps = cv2.morphologyEx(self.soft, cv2.MORPH_GRADIENT, _CROSS)
        return np.asarray(steps > _EDGE_STEP)

    @cached_property
    def near_edges(self) -> Mask:
        """The edges, one pixel wider each way: what moved by less is the same ink."""
        return np.asarray(cv2.dilate(self.edges.view(np.uint8), _CROSS), np.bool_)

    @cached_property
    def busy(self) -> Mask:
        """Where there is ink or something close beside it: within a line of text, not between two."""
        return np.asarray(cv2.blur(self.edges.astype(np.float32), _BESIDE_PX) > _BUSY_SHARE, np.bool_)

    @cached_property
    def spread(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Local mean and local standard deviation of the brightness."""
        return local_spread(self.soft)


# Larger than a letter, smaller than a word: the window in which two looks are compared for their shapes.
WINDOW_PX = 15


def local_spread(gray: Gray) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give mean and standard deviation of the brightness in the window around each pixel."""
    values = gray.astype(np.float32)
    mean = cv2.blur(values, (WINDOW_PX, WINDOW_PX))
    square = cv2.blur(values * values, (WINDOW_PX, WINDOW_PX))
    return np.asarray(mean, np.float32), np.sqrt(np.maximum(square - mean * mean, 0.0))


def reduced(luma: Gray) -> Gray:
    """Make the small picture of a plane of brightness."""
    while max(luma.shape) >= 2 * VIEW_SIDE_PX:
        # Halving is far quicker than any other share, and averages just the same.
        luma = np.asarray(cv2.resize(luma, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = luma.shape
    scale = VIEW_SIDE_PX / max(height, width)
    size = (max(BLOCK_PX, round(width * scale)), max(BLOCK_PX, round(height * scale)))
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def is_black(view: View, ignored: Mask) -> bool:
    """Tell whether there is nothing but black, apart from what is ignored."""
    looked_at = view.gray[~ignored]
    return looked_at.size > 0 and float(np.percentile(looked_at, 99)) <= _BLACK


def blocks_shape(height: int, width: int) -> tuple[int, int]:
    """Give rows and columns of the blocks of a view; the last ones may be cut off by its border."""
    return -(-height // BLOCK_PX), -(-width // BLOCK_PX)


def in_blocks(pixels: Mask) -> NDArray[np.int32]:
    """Count the set pixels of each block."""
    height, width = pixels.shape
    rows, columns = blocks_shape(height, width)
    padded = np.zeros((rows * BLOCK_PX, columns * BLOCK_PX), np.uint8)
    padded[:height, :width] = pixels
    return np.asarray(padded.reshape(rows, BLOCK_PX, columns, BLOCK_PX).sum((1, 3), dtype=np.int32))


def in_pixels(blocks: Mask, shape: tuple[int, int]) -> Mask:
    """Spread a mask of blocks over the pixels of a view."""
    wide = np.repeat(np.repeat(blocks, BLOCK_PX, 0), BLOCK_PX, 1)
    return wide[: shape[0], : shape[1]]


def union(one: Mask | None, other: Mask | None) -> Mask | None:
    """Join two masks of blocks; None is an empty one."""
    if one is None or other is None:
        return one if other is None else other
    return one | other


def thumbnail(gray: Gray) -> NDArray[np.float32]:
    """Make a picture so small that many can be compared in no time."""
    return np.asarray(cv2.resize(gray, _THUMBNAIL_PX, interpolation=cv2.INTER_AREA), np.float32)


def thumbnails_alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Tell whether two may show the same; a moving inset may differ."""
    return float(np.abs(one - other).mean()) < _THUMBNAIL_STEP
