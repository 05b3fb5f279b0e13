"""Damaged bytes never do more than be refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from numpy.typing import NDArray

from sightline.common.errors import MediaRejected
from sightline.common.media import Image, decode_image, probe_image
from sightline.common.settings import MediaLimits

FLIPS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=8)
SMALL = MediaLimits(max_image_pixels=1_000_000)
fuzzed = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)


def try_to_decode(data: bytes) -> None:
    with suppress(MediaRejected):
        image = decode_image(data, SMALL)
        assert isinstance(image, Image)
        assert image.pixels.shape == (image.height_px, image.width_px, 3)


@pytest.mark.parametrize("extension", [".jpg", ".png", ".webp", ".bmp", ".gif", ".tiff"])
@fuzzed
@given(flips=FLIPS, early=st.booleans())
def test_flipped_bytes_give_a_picture_or_a_refusal(
    extension: str,
    flips: list[tuple[int, int]],
    early: bool,
    scene: NDArray[np.uint8],
    encode: Callable[..., bytes],
) -> None:
    data = bytearray(encode(extension, scene))
    for place, change in flips:
        data[place % (64 if early else len(data))] ^= change
    try_to_decode(bytes(data))


@pytest.mark.parametrize(
    "magic", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"BM", b"GIF89a", b"II*\0", b"MM\0*", b""]
)
@fuzzed
@given(tail=st.binary(max_size=200))
def test_any_bytes_after_a_magic_number_give_a_picture_or_a_refusal(magic: bytes, tail: bytes) -> None:
    try_to_decode(magic + tail)


@fuzzed
@given(end=st.integers(0, 2000))
def test_a_header_cut_anywhere_is_read_or_refused(
    end: int, scene: NDArray[np.uint8], encode: Callable[..., bytes]
) -> None:
    with suppress(MediaRejected):
        info = probe_image(encode(".jpg", scene)[:end])
        assert (info.width_px, info.height_px) == (84, 60)
