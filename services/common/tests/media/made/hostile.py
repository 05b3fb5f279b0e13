"""Files that mean harm, made of nothing but code."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import harm_containers  # noqa: F401 - puts its files on the list
import harm_mp4  # noqa: F401
import harm_sound  # noqa: F401
import harm_texts  # noqa: F401
from harm import HOSTILE, bomb, film

__all__ = ["HOSTILE", "bomb", "film", "png", "save"]


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A grey PNG whose pixels are one run of zeros."""
    rows = zlib.compress(bytes((width + 1) * height), 9)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), *chunks, (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


def save(folder: Path, name: str) -> Path:
    """Write a file of `HOSTILE` under the name of an ordinary film."""
    path = folder / "film.mp4"
    path.write_bytes(HOSTILE[name]())
    return path
