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


def passing(path: Path) -> Path:
    """Write a film of six frames, ten a second, in which the person moves to the right."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 640, 512, "yuv420p"
        for step in range(6):
            pixels = np.full((512, 640, 3), 90, np.uint8)
            pixels[:, 20 * step : 20 * step + 512] = person()
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
        container.mux(stream.encode())
    return path
