"""A picture on its way into a request: from a file, bytes, an array of pixels or uploaded media."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from sightline.client.errors import MediaRejected
from sightline.client.limits import rules
from sightline.client.names import is_media_name
from sightline.v1.image_pb2 import ImageSource
from sightline.v1.media_pb2 import Media

_MAX_CONTENT_BYTES = rules(ImageSource, "content").bytes.max_len
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_RGB_8 = (8, 2, 0, 0, 0)


@runtime_checkable
class Pixels(Protocol):
    """An array of pixels, as NumPy and OpenCV have it: uint8, height x width x 3, in BGR order."""

    @property
    def shape(self) -> tuple[Any, ...]:
        """Height, width and 3."""
        ...

    @property
    def dtype(self) -> Any:
        """uint8."""
        ...

    def __getitem__(self, key: Any, /) -> Any:
        """Slice the array."""
        ...

    def tobytes(self) -> bytes:
        """Give the pixels row by row."""
        ...


Picture: TypeAlias = str | os.PathLike[str] | bytes | Pixels | Media | ImageSource


def image_source(picture: Picture) -> ImageSource:
    """Make the part of a request that carries a picture.

    Args:
        picture: the path of a file, its bytes, pixels (uint8, height x width x 3, BGR), uploaded media or
            its name `media/{media}`.

    Raises:
        MediaRejected: the picture has more bytes than a request may carry.
        OSError: the file can't be read.
    """
    if isinstance(picture, ImageSource):
        return picture
    if isinstance(picture, Media):
        return ImageSource(media=picture.name)
    if isinstance(picture, str) and is_media_name(picture):
        return ImageSource(media=picture)
    return ImageSource(content=_within_limit(_content(picture)))


def _content(picture: str | os.PathLike[str] | bytes | Pixels) -> bytes:
    if isinstance(picture, bytes):
        return picture
    if isinstance(picture, str | os.PathLike):
        return Path(picture).read_bytes()
    return png(picture)


def _within_limit(content: bytes) -> bytes:
    if len(content) > _MAX_CONTENT_BYTES:
        raise MediaRejected(
            f"the picture has {len(content)} bytes, more than the {_MAX_CONTENT_BYTES} that fit into a call; "
            "upload it and pass the media instead",
            reason="MEDIA_TOO_LARGE",
            code="INVALID_ARGUMENT",
        )
    return content


def png(pixels: Pixels) -> bytes:
    """Encode pixels without loss, with nothing but the standard library.

    Args:
        pixels: uint8, height x width x 3, BGR.

    Source: PNG (Portable Network Graphics) Specification, third edition, sections 5 and 11.
    """
    if len(pixels.shape) != 3 or pixels.shape[2] != 3 or str(pixels.dtype) != "uint8":
        raise ValueError(f"pixels must be uint8, height x width x 3, not {pixels.dtype} {pixels.shape}")
    height, width = int(pixels.shape[0]), int(pixels.shape[1])
    rgb = pixels[:, :, ::-1].tobytes()
    # Every row begins with the number of its filter; 0 means that there is none.
    rows = b"".join(b"\0" + rgb[at : at + width * 3] for at in range(0, len(rgb), width * 3))
    header = struct.pack(">IIBBBBB", width, height, *_PNG_RGB_8)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")]
    return _PNG_SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
