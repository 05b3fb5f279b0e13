"""One frame of a film that was looked at: its faces, embedded and cut out where that is asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from sightline.common.media import Image
from sightline.face.analysis import Face, FaceAnalyzer

# A best shot shows a little of what is around the face, so that a person knows it again.
_AROUND = 0.3
# Of a JPEG, 0 to 100.
_SHOT_QUALITY = 85


class Look:
    """A frame and its faces.

    Attributes:
        seconds: its time from the start of the film.
        image: the frame.
        faces: those in it, the largest first, without their embeddings.
    """

    def __init__(
        self, seconds: float, image: Image, faces: Sequence[Face], analyzer: FaceAnalyzer, shot_side_px: int
    ) -> None:
        """Take a frame.

        Args:
            seconds: its time from the start of the film.
            image: the frame.
            faces: those in it, the largest first.
            analyzer: embeds those that are asked for, and tells their age and sex.
            shot_side_px: longer side of a shot at most.
        """
        self.seconds = seconds
        self.image = image
        self.faces = faces
        self._analyzer = analyzer
        self._shot_side_px = shot_side_px
        self._described: dict[int, Face] = {}

    def described(self, place: int) -> Face:
        """Give a face with its embedding, and with age and sex where a model tells them."""
        if place not in self._described:
            told = self._analyzer.tell(self.image, [self.faces[place]])
            (self._described[place],) = self._analyzer.describe(self.image, told)
        return self._described[place]

    def shot(self, place: int) -> bytes:
        """Give a face and a little around it as a JPEG, never enlarged."""
        left, top, right, bottom = self.faces[place].box
        around = _AROUND * max(right - left, bottom - top)
        height, width = self.image.pixels.shape[:2]
        across = slice(max(0, int(left - around)), min(width, math.ceil(right + around)))
        down = slice(max(0, int(top - around)), min(height, math.ceil(bottom + around)))
        crop = self.image.pixels[down, across]
        scale = self._shot_side_px / max(crop.shape[:2])
        if scale < 1:
            size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
            crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
        written, data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, _SHOT_QUALITY])
        return data.tobytes() if written else b""
