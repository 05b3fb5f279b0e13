"""Faces drawn on the picture; needs Pillow, which `sightline-client[draw]` brings."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from sightline.client.canvas import drawn_on
from sightline.v1.face_pb2 import Face
from sightline.v1.geometry_pb2 import NormalizedPoint

# Of the width of the face: the landmarks of a small face must not cover it.
_DOT_FRACTION = 1 / 30


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
    with drawn_on(picture, to) as canvas:
        for face in faces:
            canvas.box(face.box)
            canvas.dots(_points(face), _DOT_FRACTION * (face.box.right - face.box.left))
            canvas.label(face.box, f"{face.score:.2f}")
    return Path(to)


def _points(face: Face) -> list[NormalizedPoint]:
    """Give the landmarks that a face has."""
    marks = face.landmarks
    return [getattr(marks, field.name) for field, _ in marks.ListFields()]
