"""A picture that findings are drawn on, in fractions of its size; needs Pillow."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont, ImageOps

from sightline.v1.geometry_pb2 import NormalizedBox, NormalizedPoint

# Bright lines on a dark rim are readable on light and on dark.
LINE, _RIM = (80, 255, 120), (0, 0, 0)
# Fractions of the longer side, found by looking: thin on a thumbnail, visible on 24 megapixels.
_LINE_FRACTION, _TEXT_FRACTION = 1 / 500, 1 / 60
_SMALLEST_TEXT_PX = 10
_QUALITY = 92
_Point: TypeAlias = tuple[float, float]
_Colour: TypeAlias = tuple[int, int, int]


class Canvas:
    """A picture to draw on."""

    def __init__(self, image: Image.Image) -> None:
        self._draw = ImageDraw.Draw(image)
        self._size = image.size
        longer = max(image.size)
        self._width = max(1, round(longer * _LINE_FRACTION))
        self._rim = max(1, self._width // 2)
        self._font = ImageFont.load_default(max(_SMALLEST_TEXT_PX, longer * _TEXT_FRACTION))

    def box(self, box: NormalizedBox, colour: _Colour = LINE) -> None:
        """Draw a rectangle."""
        corners = (*self._at(box.left, box.top), *self._at(box.right, box.bottom))
        self._draw.rectangle(_grown(corners, self._rim), outline=_RIM, width=self._width + 2 * self._rim)
        self._draw.rectangle(corners, outline=colour, width=self._width)

    def dots(self, points: Sequence[NormalizedPoint], largest: float, colour: _Colour = LINE) -> None:
        """Draw points, of a radius of at most `largest` as a fraction of the width of the picture."""
        radius = max(1.0, min(1.2 * self._width, largest * (self._size[0] - 1)))
        for point in points:
            x, y = self._at(point.x, point.y)
            for r, shade in ((radius + self._rim, _RIM), (radius, colour)):
                self._draw.ellipse((x - r, y - r, x + r, y + r), fill=shade)

    def ring(self, points: Sequence[NormalizedPoint], colour: _Colour = LINE) -> None:
        """Draw a closed line."""
        line = [self._at(point.x, point.y) for point in (*points, points[0])]
        self._draw.line(line, fill=_RIM, width=self._width + 2 * self._rim, joint="curve")
        self._draw.line(line, fill=colour, width=self._width, joint="curve")

    def label(self, box: NormalizedBox, text: str, colour: _Colour = LINE) -> None:
        """Write above a box, or inside it where there is no room above."""
        left, top = self._at(box.left, box.top)
        measured = self._draw.textbbox((0, 0), text, font=self._font, stroke_width=self._rim)
        height = measured[3] + 2 * self._width
        y = top - height if top >= height else top + 2 * self._width
        x = min(left, max(0.0, self._size[0] - measured[2]))
        self._draw.text((x, y), text, fill=colour, font=self._font, stroke_width=self._rim, stroke_fill=_RIM)

    def _at(self, x: float, y: float) -> _Point:
        return x * (self._size[0] - 1), y * (self._size[1] - 1)


@contextmanager
def drawn_on(picture: str | os.PathLike[str] | bytes, to: str | os.PathLike[str]) -> Iterator[Canvas]:
    """Open a picture to draw on it, and write it at the end of the block.

    Args:
        picture: the path of the picture that was analysed, or its bytes.
        to: the file to write; its suffix says the format, such as .jpg or .png.

    Raises:
        OSError: the picture can't be read, or the file can't be written.
        ValueError: no format has this suffix.
    """
    with Image.open(io.BytesIO(picture) if isinstance(picture, bytes) else picture) as opened:
        # The boxes are fractions of the picture as it is shown, which is not always as it is stored.
        shown = ImageOps.exif_transpose(opened).convert("RGB")
    yield Canvas(shown)
    shown.save(Path(to), quality=_QUALITY)


def _grown(corners: tuple[float, float, float, float], by: float) -> tuple[float, float, float, float]:
    return corners[0] - by, corners[1] - by, corners[2] + by, corners[3] + by
