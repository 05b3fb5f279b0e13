"""Files that jobs make: kept by whoever holds the task, replaced by the next attempt, gone with the job."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from media_door import TENANT, MediaDoor, media_door

from sightline.common.blobs import BlobStore, open_blobs
from sightline.common.errors import NotFound, Reason, SightlineError
from sightline.common.media.outputs import Outputs
from sightline.common.settings import BlobSettings
from sightline.common.state.database import Database
from sightline.common.state.jobs import Jobs, Submission
from sightline.common.state.media import MediaFiles
from sightline.common.state.outputs import OutputFiles, output_id
from sightline.common.state.tasks import Claim, Failure, Success, Tasks
from sightline.common.state.upkeep import Upkeep
from sightline.common.telemetry import Metrics


@dataclass
class Shop:
    """A worker's and a client's view of the files of one job."""

    database: Database
    blobs: BlobStore
    door: MediaDoor
    outputs: Outputs
    submission: Submission

    async def claim(self) -> Claim:
        (claim,) = await Tasks(self.database).claim([self.submission.task_id], "worker", 30)
        return claim

    async def lose(self, claim: Claim) -> None:
        await Tasks(self.database).fail([Failure(claim.task_id, claim.claim_id, True, 0.0, b"")])

    async def succeed(self, claim: Claim) -> None:
        await Tasks(self.database).complete([Success(claim.task_id, claim.claim_id, ())])

    async def bytes_left(self) -> list[str]:
        """Every blob there is, once housekeeping has been at work."""
        files = MediaFiles(self.database)
        keys = await files.loose()
        await self.blobs.delete(*keys)
        return sorted(await self.blobs.sizes("media"))


@pytest.fixture
async def shop(database: Database, tmp_path: Path, submission: Callable[..., Submission]) -> AsyncIterator[Shop]:
    folder = tmp_path / "blobs"
    async with media_door(database, folder) as door:
        blobs = await open_blobs(BlobSettings(url=folder.as_uri()), Metrics())
        outputs = Outputs(OutputFiles(database), MediaFiles(database), blobs)
        one = submission(tenant=TENANT)
        await Jobs(database).submit([one])
        yield Shop(database, blobs, door, outputs, one)


async def test_a_file_of_a_job_is_downloaded_like_any_other(shop: Shop, tmp_path: Path) -> None:
    claim = await shop.claim()
    made = await shop.outputs.keep(claim, "slide-001.webp", "image/webp", b"picture", size_px=(640, 360))
    assert (made.file_name, made.content_type, made.size_bytes) == ("slide-001.webp", "image/webp", 7)
    assert made.sha256 == hashlib.sha256(b"picture").hexdigest()
    media = await shop.door.get(made.media)
    assert (media.display_name, media.content_type, media.image_size.width_px) == ("slide-001.webp", "image/webp", 640)
    assert b"".join(piece.data for piece in await shop.door.download(made.media)) == b"picture"
    assert await shop.outputs.read(claim, made) == b"picture"


async def test_a_file_is_stored_from_the_disk(shop: Shop, tmp_path: Path) -> None:
    local = tmp_path / "mix.wav"
    local.write_bytes(bytes(3_000_000))
    made = await shop.outputs.keep(await shop.claim(), "mix.wav", "audio/wav", local)
    assert (made.size_bytes, made.sha256) == (3_000_000, hashlib.sha256(bytes(3_000_000)).hexdigest())


async def test_a_second_attempt_replaces_what_the_first_has_stored(shop: Shop) -> None:
    first = await shop.claim()
    earlier = await shop.outputs.keep(first, "notes.md", "text/markdown", b"half")
    await shop.lose(first)
    later = await shop.outputs.keep(await shop.claim(), "notes.md", "text/markdown", b"whole")
    assert later.media == earlier.media
    assert b"".join(piece.data for piece in await shop.door.download(later.media)) == b"whole"
    assert len(await shop.bytes_left()) == 1


async def test_an_attempt_that_lost_its_task_stores_nothing_and_leaves_nothing(shop: Shop) -> None:
    first = await shop.claim()
    await shop.lose(first)
    second = await shop.claim()
    kept = await shop.outputs.keep(second, "notes.md", "text/markdown", b"right")
    with pytest.raises(SightlineError) as caught:
        await shop.outputs.keep(first, "notes.md", "text/markdown", b"wrong")
    assert caught.value.reason is Reason.LEASE_LOST
    assert b"".join(piece.data for piece in await shop.door.download(kept.media)) == b"right"
    assert len(await shop.bytes_left()) == 1


async def test_deleting_a_job_deletes_its_files_and_their_bytes(shop: Shop) -> None:
    claim = await shop.claim()
    made = await shop.outputs.keep(claim, "notes.md", "text/markdown", b"notes")
    await shop.succeed(claim)
    await Jobs(shop.database).delete(claim.tenant, claim.job_id)
    with pytest.raises(NotFound):
        await shop.door.get(made.media)
    assert await shop.bytes_left() == []


async def test_files_expire_with_their_job_and_not_before(
    database: Database, shop: Shop, submission: Callable[..., Submission]
) -> None:
    one = submission(tenant=TENANT, keep_seconds=-1)
    await Jobs(database).submit([one])
    (claim,) = await Tasks(database).claim([one.task_id], "worker", 30)
    made = await shop.outputs.keep(claim, "notes.md", "text/markdown", b"notes")
    assert await MediaFiles(database).purge() == []
    await shop.succeed(claim)
    assert await Upkeep(database).purge_jobs() == 1
    with pytest.raises(NotFound):
        await shop.door.get(made.media)
    assert await shop.bytes_left() == []


async def test_a_client_may_delete_a_file_of_a_job(shop: Shop) -> None:
    claim = await shop.claim()
    made = await shop.outputs.keep(claim, "notes.md", "text/markdown", b"notes")
    await MediaFiles(shop.database).delete(claim.tenant, UUID(made.media.removeprefix("media/")))
    assert await shop.bytes_left() == []
    with pytest.raises(NotFound):
        await shop.outputs.read(claim, made)


async def test_the_use_of_a_file_is_noted_once_however_often_it_is_made(database: Database, shop: Shop) -> None:
    first = await shop.claim()
    await shop.outputs.keep(first, "notes.md", "text/markdown", b"four")
    await shop.lose(first)
    await shop.outputs.keep(await shop.claim(), "notes.md", "text/markdown", b"seven!!")
    async with database.connection() as connection:
        cursor = await connection.execute(
            "SELECT count, size_bytes FROM usage_news WHERE kind = 'output_media' AND tenant = %s", [TENANT]
        )
        assert await cursor.fetchall() == [(1, 4)]


def test_the_id_of_a_file_is_that_of_its_task_and_name() -> None:
    task = UUID("0192f0c1-2a3b-7c4d-8e5f-60718293a4b5")
    made = output_id(task, "slide-001.webp")
    assert made == output_id(task, "slide-001.webp") != output_id(task, "slide-002.webp")
    assert (made.version, made.bytes[:6]) == (7, task.bytes[:6])
