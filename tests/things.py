"""Pictures and a film with things to find, made on the spot: a person, two round things, a person who goes by."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray


def person() -> NDArray[np.uint8]:
    """A woman in a space suit, 512 x 512, BGR."""
    return np.ascontiguousarray(skimage.data.astronaut()[:, :, ::-1])


def rounds() -> bytes:
    """Two bright rounds on a dark ground, 100 and 60 pixels across, as PNG."""
    pixels = np.full((400, 600, 3), 60, np.uint8)
    cv2.circle(pixels, (200, 200), 50, (180, 180, 180), -1)
    cv2.circle(pixels, (450, 150), 30, (180, 180, 180), -1)
    return cv2.imencode(".png", pixels)[1].tobytes()


def passing(path: Path, *, frames: int = 6, step_px: int = 20, width_px: int = 640) -> Path:
    """Write a film, ten frames a second, in which the person moves to the right."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = width_px, 512, "yuv420p"
        for number in range(frames):
            pixels = np.full((512, width_px, 3), 90, np.uint8)
            pixels[:, step_px * number : step_px * number + 512] = person()
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
        container.mux(stream.encode())
    return path
