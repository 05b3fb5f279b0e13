"""What files that mean harm are made with: an honest film, and the list that each is put on."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import av
import numpy as np

HOSTILE: dict[str, Callable[[], bytes]] = {}
"""Makes each file, by a name that says what it is."""


def hostile(make: Callable[[], bytes]) -> Callable[[], bytes]:
    HOSTILE[make.__name__] = make
    return make


def film(container: str = "mp4", frames: int = 10, codec: str = "mpeg4") -> bytes:
    """An honest film of 64 x 48 pixels, ten frames a second."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as out:
        stream = out.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for number in range(frames):
            pixels = np.full((48, 64, 3), 20 * number % 256, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
        out.mux(stream.encode())
    return buffer.getvalue()


def patched(data: bytes, kind: bytes, change: Callable[[bytearray, int], None]) -> bytes:
    """Change the first box of a kind; `change` is given the file and where the content of the box begins."""
    edited = bytearray(data)
    change(edited, data.index(kind) + 4)
    return bytes(edited)


def bomb(megabytes: int) -> bytes:
    """A deflated run of zeros, a thousandth of what comes out of it."""
    packer = zlib.compressobj(9)
    return b"".join([packer.compress(bytes(2**20)) for _ in range(megabytes)]) + packer.flush()
