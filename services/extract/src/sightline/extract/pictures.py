"""Pictures as files."""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

# Text stays sharp, and a slide takes a fifth of what it takes as PNG.
_WEBP_QUALITY = 90
# Little effort: it is read once and thrown away, or asked for by name.
_PNG_EFFORT = 3


class PictureType(StrEnum):
    """How a picture is written; the value is the end of its file's name."""

    WEBP = "webp"
    PNG = "png"

    @property
    def content_type(self) -> str:
        """The type of its bytes."""
        return f"image/{self.value}"


def encode(pixels: NDArray[np.uint8], kind: PictureType) -> bytes:
    """Give a picture (height x width x 3, BGR) as a file of this type."""
    if kind is PictureType.PNG:
        options = [cv2.IMWRITE_PNG_COMPRESSION, _PNG_EFFORT]
    else:
        options = [cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY]
    encoded: NDArray[np.uint8] = cv2.imencode(f".{kind}", pixels, options)[1]
    return encoded.tobytes()
