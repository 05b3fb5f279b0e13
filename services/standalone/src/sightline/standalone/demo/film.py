"""A film whose people are known: two scenes with a cut between them, in which cut-out faces move about."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from PIL import Image

SIZE = (640, 360)
RATE = 10
_SCENE_SECONDS = 3
_FACE_HEIGHT = 170
_BACKGROUNDS = ((70, 90, 80), (120, 100, 90))


def make_film(path: Path, faces: Sequence[bytes]) -> Path:
    """Write the film: in each scene everybody walks a little, and in the second one the other way.

    Args:
        path: the file to write.
        faces: a picture of each face.
    """
    cuts = [_scaled(face) for face in faces]
    count = _SCENE_SECONDS * RATE
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for scene, background in enumerate(_BACKGROUNDS):
            for number in range(count):
                picture = Image.new("RGB", SIZE, background)
                for place, cut in enumerate(cuts):
                    picture.paste(cut, _corner(place, len(cuts), (number / count, 1 - number / count)[scene]))
                frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
                container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _corner(place: int, places: int, share: float) -> tuple[int, int]:
    room = SIZE[0] // places
    return place * room + 20 + round(share * room / 4), 40 + round(share * 60)


def _scaled(face: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(face))
    return picture.resize((round(picture.width * _FACE_HEIGHT / picture.height), _FACE_HEIGHT))
