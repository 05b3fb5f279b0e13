"""Pictures as PDF holds them: JPEG as it is, PNG exactly, all else as JPEG."""

from __future__ import annotations

import struct
from typing import Any

import cv2
import numpy as np
import pydyf
import simplejpeg

from sightline.common.media.probing import png_chunks
from sightline.extract.document.page import Picture

# High enough that text keeps clean edges; colour at full resolution.
_QUALITY = 90
_PNG = b"\x89PNG\r\n\x1a\n"
# Colours of a PNG pixel, by the colour types that PDF takes unchanged: grey and RGB.
_COLOURS = {0: 1, 2: 3}


class ImageObject(pydyf.Stream):  # type: ignore[misc]  # pydyf has no types
    """A picture whose bytes are read when the document is written, and forgotten again."""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self._picture = picture

    @property
    def data(self) -> bytes:
        """The object as it is written."""
        content, about = _embedded(self._picture.read())
        about = {"Type": "/XObject", "Subtype": "/Image", "BitsPerComponent": 8, **about, "Length": len(content)}
        return b"\n".join([pydyf.Dictionary(about).data, b"stream", content, b"endstream"])


def _embedded(content: bytes) -> tuple[bytes, dict[str, Any]]:
    """Give the bytes of a stream, and what its dictionary says of them."""
    if simplejpeg.is_jpeg(content):
        height, width, colours, _ = simplejpeg.decode_jpeg_header(content)
        if colours in {"Gray", "YCbCr"}:
            return content, _about(width, height, 1 if colours == "Gray" else 3, "/DCTDecode")
    is_png = content.startswith(_PNG)
    plain = _plain_png(content) if is_png else None
    if plain is not None:
        return plain
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError("the picture of a slide can't be decoded")
    if is_png:  # of a rarer kind; it stays exact all the same
        return _embedded(cv2.imencode(".png", pixels)[1].tobytes())
    jpeg = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), _QUALITY, "BGR", "444")
    return jpeg, _about(pixels.shape[1], pixels.shape[0], 3, "/DCTDecode")


def _about(width: int, height: int, colours: int, coding: str) -> dict[str, Any]:
    space = "/DeviceGray" if colours == 1 else "/DeviceRGB"
    return {"Width": width, "Height": height, "ColorSpace": space, "Filter": coding}


def _plain_png(content: bytes) -> tuple[bytes, dict[str, Any]] | None:
    """Take the compressed rows out of a PNG of 8 bits, not interlaced, without transparency; None for any other."""
    chunks = list(png_chunks(content))
    width, height, bits, colour_type, _, _, interlaced = struct.unpack_from(">IIBBBBB", content, chunks[0][1])
    if bits != 8 or colour_type not in _COLOURS or interlaced or any(kind == b"tRNS" for kind, _, _ in chunks):
        return None
    colours = _COLOURS[colour_type]
    rows = b"".join(content[start:end] for kind, start, end in chunks if kind == b"IDAT")
    # Predictor 15: each row says by which of PNG's filters it is to be read.
    how = pydyf.Dictionary({"Predictor": 15, "Colors": colours, "BitsPerComponent": 8, "Columns": width})
    return rows, {**_about(width, height, colours, "/FlateDecode"), "DecodeParms": how}
