"""Uploads that break off, are gone on with, are sent twice, meet each other, or are never finished."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from google.api.httpbody_pb2 import HttpBody
from media_door import TENANT, MediaDoor, cut, media_door, reason_of

from sightline.common.errors import InvalidRequest, NotFound, Reason, SightlineError, TemporarilyAway
from sightline.common.state.database import Database
from sightline.v1 import media_pb2, media_service_pb2 as service

FTYP = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41"
MIB = 2**20


@pytest.fixture
async def door(database: Database, tmp_path: Path) -> AsyncIterator[MediaDoor]:
    async with media_door(database, tmp_path / "blobs") as opened:
        yield opened


@pytest.fixture(scope="module")
def film() -> bytes:
    return FTYP + hashlib.shake_256(b"film").digest(10 * MIB + 4567)


async def progress(door: MediaDoor, upload_id: str, tenant: str = TENANT) -> media_pb2.Upload:
    request = service.GetUploadRequest(name=f"uploads/{upload_id}")
    upload: media_pb2.Upload = await door.call(door.stub.GetUpload, request, tenant=tenant)
    return upload


async def break_off(door: MediaDoor, data: bytes, upload_id: str, size_bytes: int = 0) -> None:
    """Send the beginning of a file and hang up."""
    before = door.uploads.come[upload_id]
    call = door.stub.UploadMedia(metadata=(("tenant", TENANT),))
    first = {"upload_id": upload_id, "size_bytes": size_bytes}
    for piece in cut(data, MIB):
        await call.write(service.UploadMediaRequest(content=HttpBody(data=piece), **first))
        first = {}
    while door.uploads.come[upload_id] - before < len(data):
        await asyncio.sleep(0.01)
    call.cancel()


async def stored(door: MediaDoor, upload_id: str, at_least: int) -> int:
    """Wait until the server has noticed that the client is gone."""
    for _ in range(100):
        try:
            received = (await progress(door, upload_id)).received_bytes
        except NotFound:
            received = 0
        if received >= at_least:
            return received
        await asyncio.sleep(0.05)
    raise AssertionError(f"{received} bytes are stored, not {at_least}")


@pytest.mark.parametrize("sent_bytes", [100, 3 * MIB, 6 * MIB + 1])
async def test_an_upload_that_broke_off_is_gone_on_with_where_it_broke(
    door: MediaDoor, film: bytes, sent_bytes: int
) -> None:
    upload_id = str(uuid4())
    await break_off(door, film[:sent_bytes], upload_id, len(film))
    assert await stored(door, upload_id, sent_bytes) == sent_bytes
    media = await door.upload(
        *cut(film[sent_bytes:], MIB), upload_id=upload_id, offset_bytes=sent_bytes, display_name="film.mp4"
    )
    assert media.sha256 == hashlib.sha256(film).hexdigest()
    assert await progress(door, upload_id) == media_pb2.Upload(
        name=f"uploads/{upload_id}", received_bytes=len(film), media=media.name
    )
    assert b"".join(piece.data for piece in await door.download(media.name)) == film
    assert [name.partition("/")[0] for name in await door.leftovers()] == ["media"]


async def test_an_upload_of_unknown_size_that_is_broken_off_never_becomes_a_file(door: MediaDoor, film: bytes) -> None:
    uploads = [str(uuid4()) for _ in range(20)]
    for upload_id in uploads:
        await break_off(door, film[: MIB // 2], upload_id)
    for upload_id in uploads:
        assert await stored(door, upload_id, MIB // 2) == MIB // 2
    assert await door.rows("SELECT * FROM media") == []


async def test_an_upload_without_an_id_that_is_broken_off_leaves_no_bytes(door: MediaDoor, film: bytes) -> None:
    call = door.stub.UploadMedia(metadata=(("tenant", TENANT),))
    for piece in cut(film, MIB):
        await call.write(service.UploadMediaRequest(content=HttpBody(data=piece)))
    call.cancel()
    await asyncio.sleep(1)
    assert await door.rows("SELECT * FROM media") == []
    # The key stays written down until nothing can be on its way any more; then housekeeping forgets it.
    assert [name.partition("/")[0] for name in await door.leftovers()] in (["loose media"], [])


async def test_all_parts_are_there_but_the_answer_was_lost(door: MediaDoor, film: bytes) -> None:
    upload_id = str(uuid4())
    await break_off(door, film, upload_id)
    await stored(door, upload_id, len(film))
    media = await door.upload(b"", upload_id=upload_id, offset_bytes=len(film), size_bytes=len(film))
    assert media.size_bytes == len(film)


async def test_a_complete_upload_that_is_repeated_gives_the_same_file(door: MediaDoor, film: bytes) -> None:
    upload_id = str(uuid4())
    for data in (film[: 100 * 1024], film[: 100 * 1024]):
        first = await door.upload(*cut(data, 30_000), upload_id=upload_id, size_bytes=len(data))
    assert await door.upload(b"", upload_id=upload_id, offset_bytes=len(data), size_bytes=len(data)) == first
    assert len(await door.leftovers()) == 1


async def test_a_wrong_offset_is_told_with_the_right_one(door: MediaDoor, film: bytes) -> None:
    upload_id = str(uuid4())
    await break_off(door, film[: 5 * MIB], upload_id, len(film))
    right = await stored(door, upload_id, 5 * MIB)
    for wrong in (0, 1, right + 1):
        with pytest.raises(SightlineError) as refusal:
            await door.upload(film[wrong : wrong + 10], upload_id=upload_id, offset_bytes=wrong)
        assert reason_of(refusal.value) == "UPLOAD_OFFSET_MISMATCH"
        assert refusal.value.metadata["offset_bytes"] == str(right)
    assert (await progress(door, upload_id)).received_bytes == right


async def test_a_call_that_ends_before_the_announced_size_says_where_to_go_on(door: MediaDoor, film: bytes) -> None:
    upload_id = str(uuid4())
    with pytest.raises(SightlineError) as refusal:
        await door.upload(film[:1000], upload_id=upload_id, size_bytes=len(film))
    assert refusal.value.metadata["offset_bytes"] == "1000"
    media = await door.upload(*cut(film[1000:], MIB), upload_id=upload_id, offset_bytes=1000)
    assert media.sha256 == hashlib.sha256(film).hexdigest()


async def test_an_upload_can_not_become_another_file(door: MediaDoor, film: bytes) -> None:
    upload_id = str(uuid4())
    await break_off(door, film[:1000], upload_id, len(film))
    await stored(door, upload_id, 1000)
    with pytest.raises(InvalidRequest) as refusal:
        await door.upload(film[1000:2000], upload_id=upload_id, offset_bytes=1000, size_bytes=2000)
    assert refusal.value.violations[0].field == "size_bytes"
    await door.upload(*cut(film[1000:], MIB), upload_id=upload_id, offset_bytes=1000)
    with pytest.raises(SightlineError) as refusal2:
        await door.upload(b"x", upload_id=upload_id, sha256="0" * 64)
    assert reason_of(refusal2.value) == "MEDIA_CHECKSUM_MISMATCH"


async def test_what_does_not_match_in_the_end_leaves_nothing(door: MediaDoor, film: bytes) -> None:
    upload_id = str(uuid4())
    await break_off(door, film[: 6 * MIB], upload_id, len(film))
    at = await stored(door, upload_id, 6 * MIB)
    with pytest.raises(SightlineError) as refusal:
        await door.upload(*cut(film[at:], MIB), upload_id=upload_id, offset_bytes=at, sha256="0" * 64)
    assert reason_of(refusal.value) == "MEDIA_CHECKSUM_MISMATCH"
    assert await door.leftovers() == []
    with pytest.raises(NotFound):
        await progress(door, upload_id)


async def test_two_tenants_may_choose_the_same_upload_id(door: MediaDoor, film: bytes) -> None:
    upload_id = str(uuid4())
    await break_off(door, film[: 5 * MIB], upload_id)
    await stored(door, upload_id, 5 * MIB)
    with pytest.raises(NotFound):
        await progress(door, upload_id, tenant="other")
    media = await door.upload(film[:2000], upload_id=upload_id, tenant="other")
    assert media.size_bytes == 2000
    assert (await progress(door, upload_id)).received_bytes == 5 * MIB


@pytest.mark.parametrize("size", [50_000, 10 * MIB])
async def test_one_file_comes_of_many_calls_that_send_it_at_once(door: MediaDoor, film: bytes, size: int) -> None:
    upload_id, data = str(uuid4()), film[:size]
    calls = (door.upload(*cut(data, MIB), upload_id=upload_id, size_bytes=size) for _ in range(6))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    files = {answer.name for answer in answers if isinstance(answer, media_pb2.Media)}
    reasons = {reason_of(answer) for answer in answers if isinstance(answer, BaseException)}
    assert reasons <= {"UPLOAD_OFFSET_MISMATCH"}
    while not files:
        at = (await progress(door, upload_id)).received_bytes
        files = {(await door.upload(*cut(data[at:], MIB), upload_id=upload_id, offset_bytes=at)).name}
    assert len(files) == 1
    assert b"".join(piece.data for piece in await door.download(files.pop())) == data
    assert [name.partition("/")[0] for name in await door.leftovers()] == ["media"]


async def test_several_finishers_of_one_upload_get_one_file(door: MediaDoor, film: bytes) -> None:
    upload_id = str(uuid4())
    await break_off(door, film, upload_id)
    at = await stored(door, upload_id, len(film))
    calls = (door.upload(b"", upload_id=upload_id, offset_bytes=at, size_bytes=at) for _ in range(6))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert len({answer.name for answer in answers if isinstance(answer, media_pb2.Media)}) == 1
    # One that comes between the end of the upload and its own look for it finds nothing to go on with.
    assert {reason_of(answer) for answer in answers if isinstance(answer, BaseException)} <= {"UPLOAD_OFFSET_MISMATCH"}
    assert [name.partition("/")[0] for name in await door.leftovers()] == ["media"]


async def test_two_that_extend_an_upload_at_once_lose_nothing(door: MediaDoor, film: bytes) -> None:
    upload_id, size = str(uuid4()), len(film)
    await break_off(door, film[:1000], upload_id, size)
    at = await stored(door, upload_id, 1000)
    half = film[at : at + 5 * MIB]
    ends = await asyncio.gather(
        *(door.upload(*cut(half, MIB), upload_id=upload_id, offset_bytes=at) for _ in range(2)), return_exceptions=True
    )
    assert {reason_of(end) for end in ends if isinstance(end, BaseException)} == {"UPLOAD_OFFSET_MISMATCH"}
    kept = (await progress(door, upload_id)).received_bytes
    media = await door.upload(*cut(film[kept:], MIB), upload_id=upload_id, offset_bytes=kept)
    assert media.sha256 == hashlib.sha256(film).hexdigest()


async def test_200_megabytes_take_no_more_memory_than_20(door: MediaDoor) -> None:
    process, block = psutil.Process(), hashlib.shake_256(b"x").digest(MIB)

    def pieces(count: int, upload_id: str) -> Iterator[service.UploadMediaRequest]:
        yield service.UploadMediaRequest(content=HttpBody(data=FTYP), upload_id=upload_id)
        for _ in range(count):
            yield service.UploadMediaRequest(content=HttpBody(data=block))

    async def peak(count: int, upload_id: str) -> int:
        highest = 0
        upload = asyncio.ensure_future(door.call(door.stub.UploadMedia, pieces(count, upload_id)))
        while not upload.done():
            highest = max(highest, process.memory_info().rss)
            await asyncio.sleep(0.01)
        media = await upload
        size_bytes = 0
        stub_call = door.stub.DownloadMedia(
            service.DownloadMediaRequest(name=media.name), metadata=(("tenant", TENANT),)
        )
        async for piece in stub_call:
            assert len(piece.data) <= 256 * 1024
            size_bytes += len(piece.data)
            highest = max(highest, process.memory_info().rss)
        assert size_bytes == media.size_bytes == count * MIB + len(FTYP)
        return highest

    for upload_id in ("", str(uuid4())):
        await peak(20, upload_id and str(uuid4()))
        few, many = await peak(20, upload_id and str(uuid4())), await peak(200, upload_id and str(uuid4()))
        # Allocators keep some of what they got; a file that were held would be seen as its 180 MiB.
        assert many - few < 64 * MIB


async def test_uploads_that_nobody_goes_on_with_and_expired_files_are_purged(door: MediaDoor, film: bytes) -> None:
    kept, upload_id = await door.upload(film[:5000]), str(uuid4())
    await door.upload(film[:6000])
    await break_off(door, film[: 6 * MIB], upload_id, len(film))
    await stored(door, upload_id, 6 * MIB)
    await door.rows("UPDATE media SET expire_time = now() - interval '1 second' WHERE size_bytes = 6000 RETURNING 1")
    assert await door.files.purge_uploads(older_seconds=60) == []
    for keys in (await door.files.purge(), await door.files.purge_uploads(older_seconds=0)):
        assert keys
        await door.store.discard(keys)
    assert len(await door.leftovers()) == 1
    assert await door.get(kept.name)
    with pytest.raises(NotFound):
        await progress(door, upload_id)


async def test_bytes_that_could_not_be_deleted_are_deleted_later(door: MediaDoor, film: bytes) -> None:
    media = await door.upload(film[:5000])
    working, door.store._blobs = door.store._blobs, Away()  # type: ignore[assignment]
    await door.call(door.stub.DeleteMedia, service.DeleteMediaRequest(name=media.name))
    with pytest.raises(NotFound):
        await door.get(media.name)
    assert len(await door.leftovers()) == 2
    door.store._blobs = working
    await door.store.discard(await door.files.loose())
    assert await door.leftovers() == []


async def test_a_crash_between_the_bytes_and_the_row_leaves_bytes_that_housekeeping_finds(
    door: MediaDoor, film: bytes
) -> None:
    adding = door.files.add

    async def crash(_media: object) -> None:
        raise TemporarilyAway(Reason.STATE_UNAVAILABLE, "the database can't be reached")

    door.files.add = crash  # type: ignore[method-assign, assignment]
    with pytest.raises(SightlineError) as failure:
        await door.upload(film[:5000])
    assert reason_of(failure.value) == "STATE_UNAVAILABLE"
    door.files.add = adding  # type: ignore[method-assign]
    kept = await door.upload(film[:7000])
    assert len(await door.leftovers()) == 3
    assert await door.files.loose() == []
    await door.rows("UPDATE loose_blobs SET due_time = now() - interval '1 second' RETURNING 1")
    await door.store.discard(await door.files.loose())
    assert len(await door.leftovers()) == 1
    assert await door.download(kept.name)


class Away:
    """A blob store that does not answer."""

    async def delete(self, *_keys: str) -> None:
        raise TemporarilyAway(Reason.BLOBS_UNAVAILABLE, "The blob store does not answer")


async def test_an_upload_of_which_all_has_come_is_finished_even_if_nobody_waits(door: MediaDoor, film: bytes) -> None:
    for size in (1000, len(film)):
        upload_id = str(uuid4())
        await break_off(door, film[:size], upload_id, size)
        for _ in range(200):
            leftovers = await door.leftovers()
            if len(leftovers) == 1 and leftovers[0].startswith("media"):
                break
            await asyncio.sleep(0.05)
        upload = await progress(door, upload_id)
        assert (await door.get(upload.media)).sha256 == hashlib.sha256(film[:size]).hexdigest()
        assert b"".join(piece.data for piece in await door.download(upload.media)) == film[:size]
        await door.call(door.stub.DeleteMedia, service.DeleteMediaRequest(name=upload.media))
        assert await door.leftovers() == []
