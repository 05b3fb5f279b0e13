from __future__ import annotations

import asyncio
import hashlib
import os
from uuid import UUID

import pytest

from sightline.common.blobs import Uploads
from sightline.common.errors import MediaRejected, Reason, SightlineError

UPLOAD = UUID("01933b6e-0000-7000-8000-000000000001")
KEY = "media/00/11/a"


@pytest.fixture
def uploads(blobs) -> Uploads:
    return Uploads(blobs)


async def test_an_upload_in_one_go_becomes_one_blob(uploads, blobs, chunked):
    data = os.urandom(9 * 2**20 + 3)
    assert await uploads.offset(UPLOAD) == 0
    assert await uploads.append(UPLOAD, 0, chunked(data)) == len(data)
    written = await uploads.finish(UPLOAD, KEY)
    assert (written.sha256, written.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert await blobs.get(KEY) == data
    assert await blobs.sizes("uploads") == {}


async def test_an_upload_goes_on_in_another_process_where_the_connection_broke(uploads, blobs, chunked):
    data = os.urandom(6 * 2**20)
    with pytest.raises(ConnectionResetError):
        await uploads.append(UPLOAD, 0, chunked(data[: 5 * 2**20], failure=ConnectionResetError()))
    other = Uploads(blobs)
    kept = await other.offset(UPLOAD)
    assert kept == 5 * 2**20
    await other.append(UPLOAD, kept, chunked(data[kept:]))
    await other.finish(UPLOAD, KEY)
    assert await blobs.get(KEY) == data


async def test_what_came_before_a_client_gave_up_is_kept(uploads):
    async def stalled():
        yield b"x" * 1000
        await asyncio.sleep(60)

    appending = asyncio.create_task(uploads.append(UPLOAD, 0, stalled()))
    await asyncio.sleep(0.2)
    appending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await appending
    assert await uploads.offset(UPLOAD) == 1000


@pytest.mark.parametrize("offset", [0, 2, 4])
async def test_an_upload_that_goes_on_elsewhere_is_told_where(uploads, chunked, offset):
    await uploads.append(UPLOAD, 0, chunked(b"abc"))
    with pytest.raises(SightlineError) as raised:
        await uploads.append(UPLOAD, offset, chunked(b"x"))
    assert raised.value.reason is Reason.UPLOAD_OFFSET_MISMATCH
    assert raised.value.metadata == {"offset": "3"}
    assert await uploads.offset(UPLOAD) == 3


async def test_of_two_that_append_at_once_one_is_refused(uploads, blobs, chunked):
    answers = await asyncio.gather(
        uploads.append(UPLOAD, 0, chunked(b"aaa")),
        uploads.append(UPLOAD, 0, chunked(b"bbb")),
        return_exceptions=True,
    )
    assert answers.count(3) == 1
    assert sum(isinstance(answer, SightlineError) for answer in answers) == 1
    await uploads.finish(UPLOAD, KEY)
    assert await blobs.get(KEY) in (b"aaa", b"bbb")


async def test_more_than_allowed_is_refused_over_all_appends_together(uploads, chunked):
    await uploads.append(UPLOAD, 0, chunked(b"x" * 60), max_bytes=100)
    with pytest.raises(MediaRejected):
        await uploads.append(UPLOAD, 60, chunked(b"x" * 41), max_bytes=100)
    assert await uploads.offset(UPLOAD) == 60


async def test_an_upload_without_bytes_is_an_empty_blob(uploads):
    assert (await uploads.finish(UPLOAD, KEY)).size_bytes == 0


async def test_abandoned_uploads_are_swept_when_they_have_been_idle(uploads, blobs, chunked):
    await uploads.append(UPLOAD, 0, chunked(b"abc"))
    await blobs.put_bytes(KEY, b"stays")
    assert await uploads.sweep(3600) == 0
    assert await uploads.offset(UPLOAD) == 3
    await asyncio.sleep(1.1)  # a bucket knows times to the second
    assert await uploads.sweep(0) == 1
    assert await uploads.offset(UPLOAD) == 0
    assert await blobs.get(KEY) == b"stays"
