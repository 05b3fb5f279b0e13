"""What a picture is once its header is read, and once it is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the gateway looks at headers only, and has no room for NumPy
    import numpy as np
    from numpy.typing import NDArray


class ImageFormat(StrEnum):
    """The formats that are decoded; the value is the media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    BMP = "image/bmp"
    GIF = "image/gif"
    TIFF = "image/tiff"


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What the header of a picture says.

    Attributes:
        format: the format, by content and never by file name.
        width_px: width as the picture is shown, after its orientation is applied.
        height_px: height as the picture is shown.
        orientation: EXIF orientation, 1 to 8; 1 where there is none.
        transparent: whether parts of it may be see-through.
    """

    format: ImageFormat
    width_px: int
    height_px: int
    orientation: int = 1
    transparent: bool = False

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width_px * self.height_px


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A decoded picture, upright.

    Attributes:
        pixels: height x width x 3, uint8, BGR; fewer than the original's where a smaller size was asked for.
        width_px: width of the original as it is shown.
        height_px: height of the original as it is shown.
        format: the format it came in.
    """

    pixels: NDArray[np.uint8]
    width_px: int
    height_px: int
    format: ImageFormat

    @property
    def scale(self) -> float:
        """Decoded size over original size, 0 to 1; 1 where every pixel was decoded."""
        longer_px: int = max(self.pixels.shape[:2])
        return longer_px / max(self.width_px, self.height_px)
