"""What a picture becomes: upright BGR bytes, whatever it was."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sightline.common.media import ImageFormat, decode_image, probe_image
from sightline.common.settings import MediaLimits

Encode = Callable[..., bytes]
Pixels = NDArray[np.uint8]
RED, WHITE = (0, 0, 255), (255, 255, 255)


def exif(orientation: int) -> bytes:
    return b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)


def jpeg_with_exif(data: bytes, orientation: int) -> bytes:
    block = b"Exif\0\0" + exif(orientation)
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:]


def png_with_exif(data: bytes, orientation: int) -> bytes:
    body = b"eXIf" + exif(orientation)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:33] + chunk + data[33:]


@pytest.mark.parametrize(
    ("extension", "format_"),
    [
        (".jpg", ImageFormat.JPEG),
        (".png", ImageFormat.PNG),
        (".webp", ImageFormat.WEBP),
        (".bmp", ImageFormat.BMP),
        (".gif", ImageFormat.GIF),
        (".tiff", ImageFormat.TIFF),
    ],
)
def test_every_format_gives_bgr_and_its_size(
    extension: str, format_: ImageFormat, scene: Pixels, encode: Encode, limits: MediaLimits
) -> None:
    data = encode(extension, scene)
    image = decode_image(data, limits)
    assert image.format is format_ is probe_image(data).format
    assert (image.width_px, image.height_px) == (84, 60)
    assert image.pixels.shape == (60, 84, 3)
    assert image.pixels.dtype == np.uint8
    assert np.abs(image.pixels[5, 5].astype(int) - RED).max() <= 3
    assert image.scale == 1.0


# Where the red corner of the stored picture is shown: rows from the top, columns from the left. Exif 2.3, 4.6.4.
SHOWN_AT = {
    1: (5, 5), 2: (5, -5), 3: (-5, -5), 4: (-5, 5), 5: (5, 5), 6: (5, -5), 7: (-5, -5), 8: (-5, 5),
}  # fmt: skip


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("extension", "with_exif"), [(".jpg", jpeg_with_exif), (".png", png_with_exif)])
def test_a_picture_is_turned_as_its_exif_says(
    orientation: int,
    extension: str,
    with_exif: Callable[[bytes, int], bytes],
    scene: Pixels,
    encode: Encode,
    limits: MediaLimits,
) -> None:
    data = with_exif(encode(extension, scene), orientation)
    image, info = decode_image(data, limits), probe_image(data)
    assert (info.width_px, info.height_px) == ((60, 84) if orientation >= 5 else (84, 60))
    assert image.pixels.shape == (info.height_px, info.width_px, 3)
    assert np.abs(image.pixels[SHOWN_AT[orientation]].astype(int) - RED).max() <= 3


def test_an_orientation_that_does_not_exist_is_ignored(scene: Pixels, encode: Encode) -> None:
    assert probe_image(jpeg_with_exif(encode(".jpg", scene), 99)).orientation == 1


def test_grey_becomes_bgr(scene: Pixels, encode: Encode, limits: MediaLimits) -> None:
    grey = cv2.cvtColor(scene, cv2.COLOR_BGR2GRAY)
    for extension in (".png", ".jpg", ".tiff"):
        pixels = decode_image(encode(extension, grey), limits).pixels
        assert pixels.shape == (60, 84, 3)
        assert (pixels[..., 0] == pixels[..., 2]).all()


def test_sixteen_bits_become_eight(scene: Pixels, encode: Encode, limits: MediaLimits) -> None:
    for extension in (".png", ".tiff"):
        decoded = decode_image(encode(extension, scene.astype(np.uint16) * 257), limits).pixels
        assert np.abs(decoded.astype(int) - scene).max() <= 1


def test_see_through_parts_are_shown_on_white(scene: Pixels, encode: Encode, limits: MediaLimits) -> None:
    with_alpha = np.dstack([scene, np.full(scene.shape[:2], 255, np.uint8)])
    with_alpha[:, 40:, 3] = 0
    for extension in (".png", ".webp"):
        pixels = decode_image(encode(extension, with_alpha), limits).pixels
        assert (pixels[:, 60:] == WHITE).all()
        assert np.abs(pixels[5, 5].astype(int) - RED).max() <= 3


def test_a_jpeg_is_decoded_no_larger_than_is_needed(encode: Encode, limits: MediaLimits) -> None:
    data = encode(".jpg", np.zeros((1200, 1600, 3), np.uint8))
    image = decode_image(data, limits, needed_side_px=400)
    assert max(image.pixels.shape[:2]) == 400
    assert (image.width_px, image.height_px, image.scale) == (1600, 1200, 0.25)
    assert max(decode_image(data, limits, needed_side_px=401).pixels.shape[:2]) >= 401
    assert decode_image(data, limits, needed_side_px=9000).scale == 1.0


@pytest.mark.parametrize(("bits", "row"), [(1, bytes(4)), (8, bytes([76]) * 32), (16, b"\x03\xe8" * 32)])
def test_the_see_through_shade_of_a_grey_png_is_shown_on_white(bits: int, row: bytes, limits: MediaLimits) -> None:
    shade = {1: 0, 8: 76, 16: 1000}[bits]
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", 32, 32, bits, 0, 0, 0, 0),
        b"tRNS": struct.pack(">H", shade),
        b"IDAT": zlib.compress(b"".join(b"\0" + row for _ in range(32))),
        b"IEND": b"",
    }
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks.items()
    )
    assert (decode_image(data, limits).pixels == WHITE).all()
