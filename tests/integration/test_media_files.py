"""Files through the real service: in, looked at, out and gone."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from media_door import MediaDoor, cut, media_door

from sightline.common.errors import NotFound, SightlineError
from sightline.common.state.database import Database
from sightline.v1 import media_service_pb2 as service


@pytest.fixture
async def door(database: Database, tmp_path: Path) -> AsyncIterator[MediaDoor]:
    async with media_door(database, tmp_path / "blobs") as opened:
        yield opened


def jpeg(width: int = 64, height: int = 48) -> bytes:
    noise = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
    return cv2.imencode(".jpg", noise)[1].tobytes()


async def test_a_picture_comes_back_as_it_was_sent(door: MediaDoor) -> None:
    data = jpeg()
    media = await door.upload(*cut(data, 1000), display_name="group photo.jpg")
    assert media.content_type == "image/jpeg"
    assert (media.image_size.width_px, media.image_size.height_px) == (64, 48)
    assert media.size_bytes == len(data)
    assert media.sha256 == hashlib.sha256(data).hexdigest()
    assert media.display_name == "group photo.jpg"
    assert await door.get(media.name) == media
    pieces = await door.download(media.name)
    assert b"".join(piece.data for piece in pieces) == data
    assert pieces[0].content_type == "image/jpeg"


async def test_a_deleted_file_and_its_bytes_are_gone(door: MediaDoor) -> None:
    media = await door.upload(jpeg())
    await door.call(door.stub.DeleteMedia, service.DeleteMediaRequest(name=media.name))
    assert await door.leftovers() == []
    with pytest.raises(NotFound):
        await door.get(media.name)
    with pytest.raises(NotFound):
        await door.download(media.name)
    with pytest.raises(SightlineError, match="not found"):
        await door.call(door.stub.DeleteMedia, service.DeleteMediaRequest(name=media.name))
