"""Pictures on the canvas of a model and back, to the pixel as Ultralytics does it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# The grey that Ultralytics models are trained with around pictures.
_GREY = (114, 114, 114)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a picture lies on a canvas.

    Attributes:
        gain_x: pixels of the canvas for each pixel of the picture, across.
        gain_y: likewise down; it differs by the rounding to whole pixels.
        left_px: where the left edge of the picture lies on the canvas.
        top_px: likewise its upper edge.
        width_px: width of the picture itself.
        height_px: height of the picture itself.
    """

    gain_x: float
    gain_y: float
    left_px: int
    top_px: int
    width_px: int
    height_px: int

    def points(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Carry points (... x 2) from the canvas to the picture, cut to it."""
        origin = np.array([self.left_px, self.top_px], np.float32)
        placed = (points - origin) / np.array([self.gain_x, self.gain_y], np.float32)
        return placed.clip(0, np.array([self.width_px, self.height_px], np.float32))

    def boxes(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Carry boxes (n x 4) from the canvas to the picture, cut to it."""
        return self.points(boxes.reshape(-1, 2, 2)).reshape(-1, 4)


def on_canvas(
    pixels: NDArray[np.uint8], height_px: int, width_px: int, stride_px: int, *, tight: bool
) -> tuple[NDArray[np.uint8], Placement]:
    """Scale a picture to fit into a canvas, in its middle, with grey around it.

    Args:
        pixels: height x width x 3, uint8, BGR.
        height_px: height of the canvas.
        width_px: width of the canvas.
        stride_px: sides of a tight canvas are multiples of it.
        tight: whether the canvas may be smaller on the side where there would be more grey than that.

    Returns:
        The canvas, and where the picture lies on it.

    Source: `LetterBox` and `scale_boxes` of Ultralytics 8; the parity is tested in tests/test_parity.py.
    """
    own_height, own_width = pixels.shape[:2]
    gain = min(height_px / own_height, width_px / own_width)
    # A picture of a thousand by one keeps its one.
    width, height = max(round(own_width * gain), 1), max(round(own_height * gain), 1)
    across, down = width_px - width, height_px - height
    if tight:
        across, down = across % stride_px, down % stride_px
    if (width, height) != (own_width, own_height):
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    # The tenth decides which side gets the odd pixel.
    top, left = round(down / 2 - 0.1), round(across / 2 - 0.1)
    bottom, right = round(down / 2 + 0.1), round(across / 2 + 0.1)
    canvas = cv2.copyMakeBorder(pixels, top, bottom, left, right, cv2.BORDER_CONSTANT, value=_GREY)
    placement = Placement(width / own_width, height / own_height, left, top, own_width, own_height)
    return np.asarray(canvas, np.uint8), placement
