"""Objects and segments drawn on the picture; needs Pillow, which `sightline-client[draw]` brings."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from pathlib import Path

from sightline.client.canvas import drawn_on
from sightline.v1.object_pb2 import DetectedObject, Segment

# Bright and far apart, also for most who see few colours; a class has the same one in every picture.
_COLOURS = ((80, 255, 120), (255, 170, 60), (90, 180, 255), (255, 110, 200), (255, 240, 80), (120, 240, 240))
# A point of a pose that is less sure is mostly a guess.
_SEEN = 0.5
_DOT_FRACTION = 1 / 60


def draw_objects(
    picture: str | os.PathLike[str] | bytes, objects: Iterable[DetectedObject], to: str | os.PathLike[str]
) -> Path:
    """Draw boxes, classes, scores and poses on a picture and write it.

    Args:
        picture: the path of the picture that was analysed, or its bytes.
        objects: what was found in it.
        to: the file to write; its suffix says the format, such as .jpg or .png.

    Returns:
        The path of the file that was written.

    Raises:
        OSError: the picture can't be read, or the file can't be written.
        ValueError: no format has this suffix.
    """
    with drawn_on(picture, to) as canvas:
        for one in objects:
            colour = _colour(one.class_name)
            canvas.box(one.box, colour)
            seen = [point.point for point in one.key_points if point.score >= _SEEN]
            canvas.dots(seen, _DOT_FRACTION * (one.box.right - one.box.left), colour)
            canvas.label(one.box, f"{one.class_name} {one.score:.2f}", colour)
    return Path(to)


def draw_segments(
    picture: str | os.PathLike[str] | bytes, segments: Iterable[Segment], to: str | os.PathLike[str]
) -> Path:
    """Draw outlines and their numbers on a picture and write it; the arguments are those of `draw_objects`."""
    with drawn_on(picture, to) as canvas:
        for number, one in enumerate(segments, start=1):
            # Each its own colour: neighbours that touch are to be told apart.
            colour = _COLOURS[number % len(_COLOURS)]
            for ring in one.polygon:
                canvas.ring(ring.points, colour)
            canvas.label(one.box, str(number), colour)
    return Path(to)


def _colour(class_name: str) -> tuple[int, int, int]:
    return _COLOURS[zlib.crc32(class_name.encode()) % len(_COLOURS)]
