from __future__ import annotations

import asyncio
import hashlib
import os
from uuid import UUID

import pytest

from sightline.common.blobs import BlobStore, blob_key
from sightline.common.errors import MediaRejected, Reason, SightlineError

KEY = "media/00/11/a"
SIZES = [0, 1, 5 * 2**20 - 1, 5 * 2**20, 12 * 2**20 + 7]


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_put_is_got_with_its_hash_and_size(blobs: BlobStore, chunked, size):
    data = os.urandom(size)
    written = await blobs.put(KEY, chunked(data))
    assert (written.sha256, written.size_bytes) == (hashlib.sha256(data).hexdigest(), size)
    assert await blobs.get(KEY) == data
    assert await blobs.size(KEY) == size
    assert await blobs.exists(KEY)


async def test_a_second_put_replaces_the_first(blobs):
    await blobs.put_bytes(KEY, b"first")
    await blobs.put_bytes(KEY, b"second")
    assert await blobs.get(KEY) == b"second"


async def test_a_range_is_cut_to_the_end_of_the_blob(blobs):
    await blobs.put_bytes(KEY, b"0123456789")
    assert await blobs.get_range(KEY, 2, 5) == b"234"
    assert await blobs.get_range(KEY, 8, 100) == b"89"
    assert await blobs.get_range(KEY, 10, 20) == b""
    assert await blobs.get_range(KEY, 5, 5) == b""


async def test_a_stream_can_begin_anywhere(blobs):
    data = os.urandom(3 * 2**20)
    await blobs.put_bytes(KEY, data)
    chunks = [chunk async for chunk in blobs.stream(KEY, start=2**20 + 1, chunk_bytes=2**16)]
    assert b"".join(chunks) == data[2**20 + 1 :]
    assert len(chunks) > 3
    assert [chunk async for chunk in blobs.stream(KEY, start=len(data))] == []


@pytest.mark.parametrize("size", [1, 12 * 2**20])
async def test_a_stream_that_breaks_leaves_nothing_behind(blobs, chunked, size):
    with pytest.raises(ConnectionResetError):
        await blobs.put(KEY, chunked(os.urandom(size), failure=ConnectionResetError()))
    assert not await blobs.exists(KEY)
    assert KEY not in await blobs.sizes("media")


async def test_a_put_that_is_cancelled_leaves_nothing_behind(blobs):
    async def endless():
        while True:
            yield os.urandom(2**20)
            await asyncio.sleep(0.005)

    putting = asyncio.create_task(blobs.put(KEY, endless()))
    await asyncio.sleep(0.2)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert not await blobs.exists(KEY)


@pytest.mark.parametrize("size", [101, 12 * 2**20])
async def test_more_bytes_than_allowed_are_refused_and_not_kept(blobs, chunked, size):
    with pytest.raises(MediaRejected) as raised:
        await blobs.put(KEY, chunked(os.urandom(size)), max_bytes=size - 1)
    assert raised.value.reason is Reason.MEDIA_TOO_LARGE
    assert not await blobs.exists(KEY)
    assert (await blobs.put(KEY, chunked(os.urandom(size)), max_bytes=size)).size_bytes == size


@pytest.mark.parametrize("read", ["get", "get_range", "stream", "size"])
async def test_a_blob_that_is_not_there_is_gone_for_good(blobs, read):
    with pytest.raises(SightlineError) as raised:
        match read:
            case "get_range":
                await blobs.get_range(KEY, 0, 1)
            case "stream":
                _ = [chunk async for chunk in blobs.stream(KEY)]
            case _:
                await getattr(blobs, read)(KEY)
    assert raised.value.reason is Reason.MEDIA_GONE
    assert not raised.value.retryable


async def test_deleting_what_is_not_there_is_no_error(blobs):
    await blobs.put_bytes(KEY, b"x")
    await blobs.delete(KEY, "media/00/11/never")
    await blobs.delete(KEY)
    assert not await blobs.exists(KEY)


async def test_the_first_of_two_creators_wins(blobs):
    made = await asyncio.gather(*(blobs.create(KEY, bytes([n])) for n in range(4)))
    assert sorted(made) == [False, False, False, True]
    assert await blobs.get(KEY) == bytes([made.index(True)])


async def test_bytes_are_counted_in_both_directions(blobs, metrics):
    await blobs.put_bytes(KEY, bytes(1000))
    await blobs.get(KEY)
    await blobs.get_range(KEY, 0, 10)

    def value(direction):
        return metrics.registry.get_sample_value("sightline_blob_bytes_total", {"direction": direction})

    assert value("written") >= 1000
    assert value("read") == 1010


async def test_a_store_that_answers_is_ready(blobs):
    await blobs.check()


def test_keys_spread_over_folders_even_when_made_in_the_same_moment():
    keys = {blob_key("media", UUID(f"01933b6e-0000-7000-8000-00000000{n:04x}")).rpartition("/")[0] for n in range(500)}
    assert len(keys) == 500
    assert blob_key("media", UUID(int=0xA1B2)) == "media/b2/a1/00000000-0000-0000-0000-00000000a1b2"
