"""Faces drawn on the picture; needs Pillow, which `sightline-client[draw]` brings."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont, ImageOps

from sightline.v1.face_pb2 import Face
from sightline.v1.geometry_pb2 import NormalizedPoint

# Bright lines on a dark rim are readable on light and on dark.
_LINE, _RIM = (80, 255, 120), (0, 0, 0)
# Fractions of the longer side, found by looking: thin on a thumbnail, visible on 24 megapixels.
_LINE_FRACTION, _TEXT_FRACTION = 1 / 500, 1 / 60
_SMALLEST_TEXT_PX = 10
# Of the width of the face: the landmarks of a small face must not cover it.
_DOT_FRACTION = 1 / 30
_QUALITY = 92
_Point: TypeAlias = tuple[float, float]


def draw_faces(picture: str | os.PathLike[str] | bytes, faces: Iterable[Face], to: str | os.PathLike[str]) -> Path:
    """Draw boxes, landmarks and scores on a picture and write it.

    Args:
        picture: the path of the picture that was analysed, or its bytes.
        faces: what was found in it.
        to: the file to write; its suffix says the format, such as .jpg or .png.

    Returns:
        The path of the file that was written.

    Raises:
        OSError: the picture can't be read, or the file can't be written.
        ValueError: no format has this suffix.
    """
    target = Path(to)
    with Image.open(io.BytesIO(picture) if isinstance(picture, bytes) else picture) as opened:
        # The boxes are fractions of the picture as it is shown, which is not always as it is stored.
        shown = ImageOps.exif_transpose(opened).convert("RGB")
    canvas = _Canvas(shown)
    for face in faces:
        canvas.add(face)
    shown.save(target, quality=_QUALITY)
    return target


class _Canvas:
    """A picture to draw on, in fractions of its size."""

    def __init__(self, image: Image.Image) -> None:
        self._draw = ImageDraw.Draw(image)
        self._size = image.size
        longer = max(image.size)
        self._width = max(1, round(longer * _LINE_FRACTION))
        self._rim = max(1, self._width // 2)
        self._font = ImageFont.load_default(max(_SMALLEST_TEXT_PX, longer * _TEXT_FRACTION))

    def add(self, face: Face) -> None:
        """Draw one face."""
        corners = (*self._at(face.box.left, face.box.top), *self._at(face.box.right, face.box.bottom))
        self._draw.rectangle(_grown(corners, self._rim), outline=_RIM, width=self._width + 2 * self._rim)
        self._draw.rectangle(corners, outline=_LINE, width=self._width)
        radius = max(1.0, min(1.2 * self._width, _DOT_FRACTION * (corners[2] - corners[0])))
        for point in _points(face):
            self._dot(self._at(point.x, point.y), radius)
        self._label(corners[0], corners[1], f"{face.score:.2f}")

    def _at(self, x: float, y: float) -> _Point:
        return x * (self._size[0] - 1), y * (self._size[1] - 1)

    def _dot(self, at: _Point, radius: float) -> None:
        for r, colour in ((radius + self._rim, _RIM), (radius, _LINE)):
            self._draw.ellipse((at[0] - r, at[1] - r, at[0] + r, at[1] + r), fill=colour)

    def _label(self, left: float, top: float, text: str) -> None:
        """Write above the box, or inside it where there is no room above."""
        box = self._draw.textbbox((0, 0), text, font=self._font, stroke_width=self._rim)
        height = box[3] + 2 * self._width
        y = top - height if top >= height else top + 2 * self._width
        x = min(left, max(0.0, self._size[0] - box[2]))
        self._draw.text((x, y), text, fill=_LINE, font=self._font, stroke_width=self._rim, stroke_fill=_RIM)


def _points(face: Face) -> list[NormalizedPoint]:
    """Give the landmarks that a face has."""
    marks = face.landmarks
    return [getattr(marks, field.name) for field, _ in marks.ListFields()]


def _grown(corners: tuple[float, float, float, float], by: float) -> tuple[float, float, float, float]:
    return corners[0] - by, corners[1] - by, corners[2] + by, corners[3] + by
