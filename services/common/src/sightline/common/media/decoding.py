"""Decode a picture into upright BGR pixels, after every limit has been checked."""

from __future__ import annotations

import re
import zlib
from itertools import islice
from typing import Any

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from sightline.common.errors import MediaRejected, Reason
from sightline.common.media.exif import swaps_sides
from sightline.common.media.image import Image, ImageFormat, MediaInfo
from sightline.common.media.limits import check_limits, check_size
from sightline.common.media.probing import corrupt, png_chunks, probe_image
from sightline.common.settings import MediaLimits

# A progressive JPEG of a few kilobytes can ask for hundreds of passes over every pixel; encoders write ten.
_MAX_JPEG_SCANS = 64
_SCAN = re.compile(b"\xff\xda")
# Blending works on bands of this many rows, so that its wider numbers stay small.
_BAND_ROWS = 256


def decode_image(data: bytes, limits: MediaLimits, *, needed_side_px: int | None = None) -> Image:
    """Decode a picture, or refuse it before anything is allocated for its pixels.

    The EXIF orientation is applied, see-through parts are shown on white, grey becomes BGR and 16 bits
    become 8. A picture that ends early is refused, whatever of it could be shown.

    Args:
        data: the encoded picture.
        limits: what is accepted.
        needed_side_px: how long the longer side must at least be for the caller; a JPEG is then decoded
            at the smallest size that is enough, which saves most of the work. None decodes every pixel.

    Raises:
        MediaRejected: MEDIA_EMPTY, MEDIA_UNSUPPORTED, MEDIA_TOO_SMALL, MEDIA_TOO_LARGE or MEDIA_CORRUPT.
    """
    check_size(len(data), limits)
    info = probe_image(data)
    check_limits(info, len(data), limits)
    if info.format is ImageFormat.JPEG:
        pixels = _upright(_decode_jpeg(data, info, needed_side_px), info.orientation)
    else:
        pixels = _decode_other(data, info)
    return Image(pixels, info.width_px, info.height_px, info.format)


def _stored_size(info: MediaInfo) -> tuple[int, int]:
    size = (info.height_px, info.width_px)
    return size[::-1] if swaps_sides(info.orientation) else size


def _decode_jpeg(data: bytes, info: MediaInfo, needed_side_px: int | None) -> NDArray[np.uint8]:
    # FF DA can't occur in compressed data (an FF there is followed by 00), so this counts scans. `bytes.count` would
    # take three times as long.
    if sum(1 for _ in islice(_SCAN.finditer(data), _MAX_JPEG_SCANS + 1)) > _MAX_JPEG_SCANS:
        raise corrupt(info.format, f"asks for more than {_MAX_JPEG_SCANS} passes")
    height, width = _stored_size(info)
    share = 1.0 if needed_side_px is None else min(1.0, needed_side_px / max(height, width))
    try:
        if simplejpeg.decode_jpeg_header(data)[:2] != (height, width):
            raise corrupt(info.format, "says two different sizes")
        # strict: libjpeg only warns of a picture that ends early, and fills the rest with grey.
        pixels = simplejpeg.decode_jpeg(
            data, "BGR", min_height=_at_least(height, share), min_width=_at_least(width, share), strict=True
        )
    except ValueError as error:
        raise corrupt(info.format, f"does not decode: {error}") from error
    return np.asarray(pixels, np.uint8)


def _at_least(side_px: int, share: float) -> int:
    return side_px if share == 1.0 else max(1, round(side_px * share))


def _decode_other(data: bytes, info: MediaInfo) -> NDArray[np.uint8]:
    if info.format is ImageFormat.PNG:
        _check_png(data)
    flags = cv2.IMREAD_UNCHANGED if info.transparent else cv2.IMREAD_COLOR_BGR
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise corrupt(info.format, "does not decode") from error
    if decoded is None:
        raise corrupt(info.format, "does not decode")
    if info.format is ImageFormat.PNG and info.transparent and decoded.ndim == 2:
        _clear_on_white(decoded, data)
    pixels = _as_bgr(_as_bytes(np.asarray(decoded)))
    # OpenCV turns a TIFF upright whatever it is asked.
    if info.format is not ImageFormat.TIFF:
        pixels = _upright(pixels, info.orientation)
    if pixels.shape[:2] != (info.height_px, info.width_px):
        raise corrupt(info.format, "says two different sizes")
    return pixels


def _check_png(data: bytes) -> None:
    """Walk the chunks to the end, since a decoder shows what it has and may say nothing."""
    for kind, start, end in png_chunks(data):
        if data[end : end + 4] != zlib.crc32(data[start - 4 : end]).to_bytes(4, "big"):
            raise corrupt(ImageFormat.PNG, "is damaged or ends early")
        if kind == b"IEND":
            return
    raise corrupt(ImageFormat.PNG, "ends early")


def _clear_on_white(pixels: NDArray[np.integer[Any] | np.floating[Any]], data: bytes) -> None:
    """Show the one shade of a grey PNG that is see-through as white: OpenCV passes over it.

    Source: PNG (third edition), 11.3.1.1.
    """
    bits, colour_type = data[24], data[25]
    if colour_type != 0:
        return
    shade = next(
        int.from_bytes(data[start : start + 2], "big") for kind, start, _ in png_chunks(data) if kind == b"tRNS"
    )
    white = 65_535 if pixels.dtype == np.uint16 else 255
    pixels[pixels == (shade * white // (2**bits - 1) if bits < 16 else shade)] = white


def _as_bytes(pixels: NDArray[np.integer[Any] | np.floating[Any]]) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint16:
        return np.asarray(cv2.convertScaleAbs(pixels, alpha=1 / 257), np.uint8)
    if pixels.dtype != np.uint8:
        raise MediaRejected(
            Reason.MEDIA_UNSUPPORTED,
            f"the picture has samples of type {pixels.dtype}; 8 and 16 bits are accepted",
        )
    return pixels.astype(np.uint8, copy=False)


def _as_bgr(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), np.uint8)
    if pixels.shape[2] == 4:
        return _on_white(pixels)
    return pixels


def _on_white(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    shown = np.ascontiguousarray(pixels[:, :, :3])
    for top in range(0, pixels.shape[0], _BAND_ROWS):
        alpha = pixels[top : top + _BAND_ROWS, :, 3:].astype(np.uint16)
        band = shown[top : top + _BAND_ROWS]
        if alpha.min() < 255:
            band[:] = (band * alpha + 255 * (255 - alpha) + 127) // 255
    return shown


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Turn stored pixels so that they are as the picture is meant to be shown."""
    if orientation in (5, 6, 7, 8):
        pixels = np.asarray(cv2.transpose(pixels), np.uint8)
    # What is left is a flip: none, left to right (1), upside down (0), or both (-1).
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return pixels if flip is None else np.asarray(cv2.flip(pixels, flip), np.uint8)
