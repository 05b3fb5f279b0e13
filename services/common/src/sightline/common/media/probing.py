"""Read the header of a picture: format, size and orientation, with nothing decoded."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sightline.common.errors import MediaRejected, Reason
from sightline.common.media.exif import orientation_of, swaps_sides, tiff_entries
from sightline.common.media.image import ImageFormat, MediaInfo

# A JPEG may carry a thumbnail of up to 64 KB in each of several segments before it says its size.
PROBE_BYTES = 2**20
"""How many of the first bytes are enough to probe any ordinary picture."""


class _Header(NamedTuple):
    """Size as it is stored, before the orientation is applied."""

    width: int
    height: int
    orientation: int = 1
    transparent: bool = False


def probe_image(header: bytes) -> MediaInfo:
    """Read what a picture says it is.

    Args:
        header: the whole picture, or at least its first `PROBE_BYTES`.

    Raises:
        MediaRejected: MEDIA_EMPTY, MEDIA_UNSUPPORTED (not a picture, or one of another format) or
            MEDIA_CORRUPT (the header ends early or makes no sense).
    """
    if not header:
        raise MediaRejected(Reason.MEDIA_EMPTY, "the picture has no bytes")
    found = format_of(header)
    try:
        width, height, orientation, transparent = _READERS[found](header)
    except (struct.error, IndexError) as error:
        raise corrupt(found, "ends inside its header") from error
    if width < 1 or height < 1:
        raise corrupt(found, "says that it has no pixels")
    if swaps_sides(orientation):
        width, height = height, width
    return MediaInfo(found, width, height, orientation, transparent)


def format_of(header: bytes) -> ImageFormat:
    """Tell the format by the first bytes.

    Raises:
        MediaRejected: MEDIA_UNSUPPORTED.
    """
    for magic, found in _MAGIC:
        if header.startswith(magic):
            return found
    if header[:4] == b"RIFF" and header[8:12] == b"WEBP":
        return ImageFormat.WEBP
    raise MediaRejected(
        Reason.MEDIA_UNSUPPORTED,
        "these bytes are not a picture of an accepted format (JPEG, PNG, WebP, BMP, GIF or TIFF)",
    )


def corrupt(found: ImageFormat, what: str) -> MediaRejected:
    """Say that a picture of a known format is broken."""
    return MediaRejected(Reason.MEDIA_CORRUPT, f"the {found.name} picture {what}")


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Walk the segments of a JPEG up to its first scan.

    Returns:
        (marker, start, end) of each segment's payload. Source: ITU-T T.81, annex B.
    """
    at = 2
    while True:
        while data[at] == 0xFF and data[at + 1] == 0xFF:  # fill bytes before a marker
            at += 1
        if data[at] != 0xFF:
            raise corrupt(ImageFormat.JPEG, "has a broken header")
        (length,) = struct.unpack_from(">H", data, at + 2)
        yield data[at + 1], at + 4, at + 2 + length
        if data[at + 1] == 0xDA:
            return
        at += 2 + max(length, 2)


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Walk the chunks of a PNG.

    Returns:
        (type, start, end) of each chunk's payload. Source: PNG (third edition), 5.3.
    """
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, at + 8, at + 8 + length
        at += 12 + length


def _jpeg(data: bytes) -> _Header:
    orientation = 1
    for marker, start, end in jpeg_segments(data):
        if marker == 0xE1 and data[start : start + 6] == b"Exif\0\0" and orientation == 1:
            orientation = orientation_of(data[start + 6 : end])
        # Every start of frame; C4, C8 and CC in that range mean something else.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, start + 1)
            return _Header(width, height, orientation)
    raise corrupt(ImageFormat.JPEG, "has no frame before its first scan")


def _png(data: bytes) -> _Header:
    if data[12:16] != b"IHDR":
        raise corrupt(ImageFormat.PNG, "does not begin with its header")
    width, height = struct.unpack_from(">II", data, 16)
    orientation, transparent = 1, bool(data[25] & 4)  # the third bit of the colour type: an alpha channel
    for kind, start, end in png_chunks(data):
        if kind == b"eXIf":
            orientation = orientation_of(data[start:end])
        transparent = transparent or kind == b"tRNS"
        if kind == b"IDAT":
            break
    return _Header(width, height, orientation, transparent)


def _webp(data: bytes) -> _Header:
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return _Header(width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return _Header((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, transparent=bool(bits >> 28 & 1))
    if kind != b"VP8X":
        raise corrupt(ImageFormat.WEBP, "does not begin with a frame")
    width, height = (int.from_bytes(_exactly(data, at, 3), "little") + 1 for at in (24, 27))
    return _Header(width, height, _webp_orientation(data), transparent=bool(data[20] & 0x10))


def _webp_orientation(data: bytes) -> int:
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        if kind == b"EXIF":
            return orientation_of(data[at + 8 : at + 8 + length].removeprefix(b"Exif\0\0"))
        at += 8 + length + length % 2
    return 1


def _bmp(data: bytes) -> _Header:
    (header_bytes,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if header_bytes == 12 else "<ii", data, 18)
    return _Header(width, abs(height))  # a negative height means that rows run from the top


def _gif(data: bytes) -> _Header:
    width, height = struct.unpack_from("<HH", data, 6)
    return _Header(width, height, transparent=True)


def _tiff(data: bytes) -> _Header:
    entries = dict(tiff_entries(data))
    if _TIFF_WIDTH not in entries or _TIFF_HEIGHT not in entries:
        raise corrupt(ImageFormat.TIFF, "has no size in its first directory")
    width, height = entries[_TIFF_WIDTH], entries[_TIFF_HEIGHT]
    # What a decoder would allocate beyond width times height: deep samples, many of them, and giant tiles.
    bits, samples, tile = entries.get(258, 1), entries.get(277, 1), max(entries.get(322, 0), entries.get(323, 0))
    # Four bits are read of a palette only.
    known = bits in (1, 8, 16) or (bits == 4 and entries.get(262) == 3)
    if not known or samples > 4 or tile > max(1024, 2 * width, 2 * height):
        raise MediaRejected(
            Reason.MEDIA_UNSUPPORTED,
            "the TIFF picture has samples of other than 1, 8 or 16 bits, more than 4 of them a pixel, or giant tiles",
        )
    if entries.get(_TIFF_SAMPLES, 1) != 1 or entries.get(_TIFF_COMPRESSION, 1) in _TIFF_UNREAD:
        raise MediaRejected(
            Reason.MEDIA_UNSUPPORTED,
            "the TIFF picture has signed or broken numbers, or is compressed by LERC, Zstd or WebP",
        )
    return _Header(width, height, orientation_of(data), transparent=samples in (2, 4))


def _exactly(data: bytes, at: int, count: int) -> bytes:
    part = data[at : at + count]
    if len(part) < count:
        raise IndexError(at)
    return part


_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_COMPRESSION, _TIFF_SAMPLES = 256, 257, 259, 339
# What OpenCV's libtiff is built without: LERC, Zstd, WebP.
_TIFF_UNREAD = frozenset({34887, 50000, 50001})
_MAGIC = (
    (b"\xff\xd8\xff", ImageFormat.JPEG),
    (b"\x89PNG\r\n\x1a\n", ImageFormat.PNG),
    (b"BM", ImageFormat.BMP),
    (b"GIF87a", ImageFormat.GIF),
    (b"GIF89a", ImageFormat.GIF),
    (b"II*\0", ImageFormat.TIFF),
    (b"MM\0*", ImageFormat.TIFF),
)
_READERS: dict[ImageFormat, Callable[[bytes], _Header]] = {
    ImageFormat.JPEG: _jpeg,
    ImageFormat.PNG: _png,
    ImageFormat.WEBP: _webp,
    ImageFormat.BMP: _bmp,
    ImageFormat.GIF: _gif,
    ImageFormat.TIFF: _tiff,
}
