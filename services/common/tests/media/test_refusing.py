"""What is refused, with which reason, and how little it costs."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from collections.abc import Callable

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from sightline.common.errors import MediaRejected, Reason
from sightline.common.media import check_limits, decode_image, probe_image
from sightline.common.settings import MediaLimits

Encode = Callable[..., bytes]
Pixels = NDArray[np.uint8]


def png_header(width_px: int, height_px: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


BOMBS = {
    "png": png_header(30_000, 30_000),
    "gif": b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + bytes(20),
    "bmp": b"BM" + bytes(12) + struct.pack("<Iii", 40, 30_000, -30_000) + bytes(28),
    "webp": b"RIFF" + bytes(4) + b"WEBPVP8X" + bytes(8) + b"\xff\xff\xff" * 2,
    "tiff": b"II*\0" + struct.pack("<IHHHIIHHII", 8, 2, 256, 4, 1, 30_000, 257, 4, 1, 30_000),
    "jpeg": b"\xff\xd8\xff\xc0" + struct.pack(">HBHHB", 17, 8, 30_000, 30_000, 3) + bytes(9),
}


def reason_of(data: bytes, limits: MediaLimits) -> Reason:
    with pytest.raises(MediaRejected) as refused:
        decode_image(data, limits)
    assert not refused.value.retryable
    return refused.value.reason


def test_no_bytes_are_refused(limits: MediaLimits) -> None:
    assert reason_of(b"", limits) is Reason.MEDIA_EMPTY


def test_a_text_file_named_jpg_is_refused_with_its_reason(limits: MediaLimits) -> None:
    assert reason_of(b"Dear reader, this is not a picture.\n" * 50, limits) is Reason.MEDIA_UNSUPPORTED


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_a_header_that_claims_too_many_pixels_is_refused(name: str, limits: MediaLimits) -> None:
    assert reason_of(BOMBS[name], limits) is Reason.MEDIA_TOO_LARGE


def test_refusing_bombs_allocates_nothing(limits: MediaLimits) -> None:
    resident = psutil.Process().memory_info().rss
    tracemalloc.start()
    try:
        for _ in range(200):
            for data in BOMBS.values():
                reason_of(data, limits)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # One of them decoded would take 2.7 GB. tracemalloc sees what numpy allocates, the resident size all else.
    assert peak_bytes < 4 * 2**20
    assert psutil.Process().memory_info().rss - resident < 16 * 2**20


def test_a_picture_of_one_pixel_is_refused(encode: Encode, limits: MediaLimits) -> None:
    assert reason_of(encode(".png", np.zeros((1, 1, 3), np.uint8)), limits) is Reason.MEDIA_TOO_SMALL


def test_too_many_bytes_are_refused_before_they_are_read(limits: MediaLimits) -> None:
    assert reason_of(bytes(100), limits.model_copy(update={"max_image_bytes": 99})) is Reason.MEDIA_TOO_LARGE


@pytest.mark.parametrize("extension", [".jpg", ".png", ".webp", ".bmp", ".gif", ".tiff"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_picture_that_ends_early_is_refused(
    extension: str, share: float, scene: Pixels, encode: Encode, limits: MediaLimits
) -> None:
    data = encode(extension, scene)
    assert reason_of(data[: int(len(data) * share)], limits) is Reason.MEDIA_CORRUPT


def test_a_jpeg_that_ends_early_is_refused_even_with_an_end_marker(
    scene: Pixels, encode: Encode, limits: MediaLimits
) -> None:
    data = encode(".jpg", scene)
    assert reason_of(data[: len(data) // 2] + b"\xff\xd9", limits) is Reason.MEDIA_CORRUPT


def test_a_png_with_one_flipped_bit_in_its_pixels_is_refused(
    scene: Pixels, encode: Encode, limits: MediaLimits
) -> None:
    data = bytearray(encode(".png", scene))
    data[len(data) // 2] ^= 1
    assert reason_of(bytes(data), limits) is Reason.MEDIA_CORRUPT


def test_a_jpeg_of_hundreds_of_passes_is_refused(scene: Pixels, encode: Encode, limits: MediaLimits) -> None:
    data = encode(".jpg", scene)
    scan = data.index(b"\xff\xda")
    assert reason_of(data[:scan] + data[scan:-2] * 100 + data[-2:], limits) is Reason.MEDIA_CORRUPT


def test_a_tiff_with_samples_of_64_bits_is_refused(limits: MediaLimits) -> None:
    entries = [(256, 4, 100), (257, 4, 100), (258, 3, 64)]
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    assert reason_of(b"II*\0" + struct.pack("<IH", 8, len(entries)) + body, limits) is Reason.MEDIA_UNSUPPORTED


def test_the_limits_hold_for_a_picture_whose_first_bytes_alone_are_known(encode: Encode, limits: MediaLimits) -> None:
    info = probe_image(encode(".jpg", np.zeros((600, 800, 3), np.uint8))[:1000])
    check_limits(info, 1000, limits)
    with pytest.raises(MediaRejected) as refused:
        check_limits(info, 1000, limits.model_copy(update={"max_image_pixels": 800 * 600 - 1}))
    assert refused.value.reason is Reason.MEDIA_TOO_LARGE


@pytest.mark.parametrize("changes", [{258: 12}, {258: 4}, {339: 2}, {339: 3}, {259: 50_000}], ids=str)
def test_a_tiff_of_a_kind_that_is_not_read_is_refused_as_such_and_not_as_broken(
    changes: dict[int, int], limits: MediaLimits
) -> None:
    entries = {256: 32, 257: 32, 258: 16, 259: 1, 262: 1, 273: 8, 277: 1, 278: 32, 279: 2048} | changes
    directory = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in sorted(entries.items()))
    data = b"II*\0" + struct.pack("<I", 8 + 2048) + bytes(2048) + struct.pack("<H", len(entries)) + directory + bytes(4)
    assert reason_of(data, limits) is Reason.MEDIA_UNSUPPORTED
