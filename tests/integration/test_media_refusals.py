"""What is refused, with which reason, and that nothing of it is left."""

from __future__ import annotations

import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import cv2
import numpy as np
import pytest
from media_door import MediaDoor, cut, media_door, reason_of

from sightline.common.errors import InvalidRequest, NotFound, SightlineError
from sightline.common.settings import MediaLimits
from sightline.common.state.database import Database
from sightline.v1 import media_service_pb2 as service

FTYP = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41"
LIMITS = MediaLimits(max_upload_bytes=20 * 2**20, max_image_bytes=2 * 2**20)


@pytest.fixture
async def door(database: Database, tmp_path: Path) -> AsyncIterator[MediaDoor]:
    async with media_door(database, tmp_path / "blobs", LIMITS) as opened:
        yield opened


def picture(extension: str, width: int = 64, height: int = 48) -> bytes:
    noise = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
    return cv2.imencode(extension, noise)[1].tobytes()


def png_header(width: int, height: int) -> bytes:
    header = struct.pack(">4sIIBBBBB", b"IHDR", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def film(size_bytes: int) -> bytes:
    return FTYP + bytes(size_bytes - len(FTYP))


REFUSED = {
    "a text file named .jpg": (b"this is no picture\n" * 10, {"display_name": "photo.jpg"}, "MEDIA_UNSUPPORTED"),
    "a large text file": (b"this is no picture\n" * 400_000, {"display_name": "photo.jpg"}, "MEDIA_UNSUPPORTED"),
    "no bytes": (b"", {}, "MEDIA_EMPTY"),
    "a picture of one pixel": (picture(".png", 1, 1), {}, "MEDIA_TOO_SMALL"),
    "a header of 30,000 x 30,000": (png_header(30_000, 30_000), {}, "MEDIA_TOO_LARGE"),
    "half a JPEG": (picture(".jpg")[:-700], {}, "MEDIA_CORRUPT"),
    "a JPEG without its last two bytes": (picture(".jpg")[:-2], {}, "MEDIA_CORRUPT"),
    "half a large PNG": (picture(".png", 600, 500)[:500_000], {}, "MEDIA_CORRUPT"),
    "a JPEG of five bytes": (picture(".jpg")[:5], {}, "MEDIA_CORRUPT"),
    "a picture of more bytes than pictures may have": (
        picture(".png") + bytes(3 * 2**20), {}, "MEDIA_TOO_LARGE",
    ),
    "a film of more bytes than files may have": (film(21 * 2**20), {}, "MEDIA_TOO_LARGE"),
    "a film that is announced too large": (film(100), {"size_bytes": 21 * 2**20}, "MEDIA_TOO_LARGE"),
    "other bytes than announced": (picture(".jpg"), {"sha256": "0" * 64}, "MEDIA_CHECKSUM_MISMATCH"),
    "other bytes than announced in a large film": (film(12 * 2**20), {"sha256": "0" * 64}, "MEDIA_CHECKSUM_MISMATCH"),
    "more bytes than announced": (film(200), {"size_bytes": 100}, "MEDIA_CHECKSUM_MISMATCH"),
}  # fmt: skip


@pytest.mark.parametrize("resumable", [False, True], ids=["at once", "resumable"])
@pytest.mark.parametrize(("data", "first", "reason"), REFUSED.values(), ids=REFUSED.keys())
async def test_bad_files_are_refused_with_their_reason_and_leave_nothing(
    door: MediaDoor, data: bytes, first: dict[str, Any], reason: str, resumable: bool
) -> None:
    upload = {"upload_id": str(uuid4())} if resumable else {}
    with pytest.raises(SightlineError) as refusal:
        await door.upload(*(cut(data, 2**20) if data else [b""]), **first, **upload)
    assert reason_of(refusal.value) == reason
    assert await door.leftovers() == []
    assert await door.rows("SELECT * FROM media") == await door.rows("SELECT * FROM uploads") == []


async def test_fewer_bytes_than_announced_are_refused(door: MediaDoor) -> None:
    with pytest.raises(SightlineError) as refusal:
        await door.upload(film(1000), size_bytes=2000)
    assert reason_of(refusal.value) == "MEDIA_CHECKSUM_MISMATCH"
    assert await door.leftovers() == []


async def test_an_upload_without_a_message_is_empty(door: MediaDoor) -> None:
    with pytest.raises(SightlineError) as refusal:
        await door.call(door.stub.UploadMedia, iter([]))
    assert reason_of(refusal.value) == "MEDIA_EMPTY"


async def test_a_jpeg_whose_thumbnail_is_whole_but_that_is_cut_off_is_corrupt(door: MediaDoor) -> None:
    thumbnail, whole = picture(".jpg", 32, 32), picture(".jpg")
    segment = b"\xff\xe2" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    with pytest.raises(SightlineError) as refusal:
        await door.upload(whole[:2] + segment + whole[2:-10])
    assert reason_of(refusal.value) == "MEDIA_CORRUPT"


@pytest.mark.parametrize("extension", [".jpg", ".png"])
async def test_pictures_with_something_behind_their_end_are_taken(door: MediaDoor, extension: str) -> None:
    assert (await door.upload(picture(extension) + b"made by some camera")).image_size.width_px == 64


@pytest.mark.parametrize("piece_bytes", [1, 7, 4096])
async def test_it_does_not_matter_where_pieces_are_cut(door: MediaDoor, piece_bytes: int) -> None:
    data = picture(".jpg", 20, 20)
    assert (await door.upload(*cut(data, piece_bytes))).size_bytes == len(data)


async def test_an_end_mark_across_two_pieces_is_seen(door: MediaDoor) -> None:
    data = picture(".png", 700, 500)
    assert len(data) > 2**20
    assert (await door.upload(data[:-6], data[-6:])).size_bytes == len(data)


@pytest.mark.parametrize(
    ("first", "field"),
    [
        ({"display_name": "a\0b"}, "display_name"),
        ({"display_name": "a\r\nSet-Cookie: x"}, "display_name"),
        ({"offset_bytes": 5}, "offset_bytes"),
        ({"display_name": "a" * 256}, "display_name"),
        ({"sha256": "xyz"}, "sha256"),
        ({"upload_id": "not a uuid"}, "upload_id"),
    ],
)
async def test_what_is_wrong_with_the_first_message_is_named(
    door: MediaDoor, first: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await door.upload(picture(".jpg"), **first)
    assert [violation.field for violation in refusal.value.violations] == [field]
    assert await door.leftovers() == []


async def test_only_the_first_message_says_what_the_file_is(door: MediaDoor) -> None:
    requests = [service.UploadMediaRequest(), service.UploadMediaRequest(display_name="late")]
    requests[0].content.data = film(100)
    with pytest.raises(InvalidRequest) as refusal:
        await door.call(door.stub.UploadMedia, iter(requests))
    assert refusal.value.violations[0].field == "display_name"
    assert await door.leftovers() == []


async def test_a_piece_that_is_too_large_is_refused(door: MediaDoor) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await door.upload(film(100), bytes(4 * 2**20 + 1))
    assert refusal.value.violations[0].field == "content.data"
    assert (await door.upload(film(4 * 2**20))).size_bytes == 4 * 2**20


async def test_another_tenants_file_and_a_missing_one_look_the_same(door: MediaDoor) -> None:
    name = (await door.upload(picture(".jpg"))).name
    missing = f"media/{uuid4()}"
    for method, request in (
        (door.stub.GetMedia, service.GetMediaRequest),
        (door.stub.DeleteMedia, service.DeleteMediaRequest),
    ):
        messages = []
        for one in (name, missing, "media/nonsense", name.upper().replace("MEDIA", "media")):
            with pytest.raises(NotFound) as refusal:
                await door.call(method, request(name=one), tenant="other")
            messages.append(refusal.value.message.replace(one, ""))
        assert len(set(messages)) == 1
    with pytest.raises(NotFound):
        await door.download(name, tenant="other")
    assert await door.get(name)


async def test_bytes_that_vanished_are_told_before_anything_is_sent(door: MediaDoor) -> None:
    media = await door.upload(picture(".jpg"))
    await door.blobs.delete(*[name for name in await door.leftovers() if name.startswith("media/")])
    with pytest.raises(SightlineError) as refusal:
        await door.download(media.name)
    assert reason_of(refusal.value) == "MEDIA_GONE"
