"""Files that jobs make, kept as media of the job: their bytes in the blob store, their rows in step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from pathlib import Path

import structlog

from sightline.common.blobs import BlobStore, blob_key
from sightline.common.errors import NotFound, Reason, SightlineError, TemporarilyAway
from sightline.common.media.sources import media_id
from sightline.common.state.identifiers import uuid7
from sightline.common.state.media import MediaFiles
from sightline.common.state.outputs import NewOutput, OutputFiles, output_id
from sightline.common.state.tasks import Claim
from sightline.v1.output_pb2 import OutputFile

log = structlog.get_logger()

# Longer than any attempt writes on one file: until then, bytes without a row may still be on their way.
_LOOSE_SECONDS = 6 * 3600.0
_CHUNK_BYTES = 2**20


class Outputs:
    """Keeps and reads the files of jobs; an attempt that dies, or lost its lease, leaves nothing for ever."""

    def __init__(self, rows: OutputFiles, files: MediaFiles, blobs: BlobStore) -> None:
        """Join the two halves.

        Args:
            rows: makes files known as those of a job.
            files: every file, to read them, and the blobs that nobody owns.
            blobs: the bytes.
        """
        self._rows = rows
        self._files = files
        self._blobs = blobs

    async def keep(
        self,
        claim: Claim,
        name: str,
        content_type: str,
        content: bytes | Path,
        *,
        size_px: tuple[int, int] | None = None,
    ) -> OutputFile:
        """Store a file of the job of a task; what an earlier attempt at the task stored under the name is replaced.

        Args:
            claim: the task that has made it.
            name: what the file may be called on disk, such as `slide-003.webp`; no other of the task has it.
            content_type: the type of the bytes.
            content: the bytes, or a local file that has them.
            size_px: width and height of a picture.

        Raises:
            SightlineError: LEASE_LOST when the task is no longer this worker's; let it pass through.
            TemporarilyAway: the store or the database is away.
        """
        # A key of its own for each attempt: one that lost its lease can't overwrite what the next one has stored.
        key = blob_key("media", uuid7())
        await self._files.loosen(key, due_seconds=_LOOSE_SECONDS)
        written = await self._blobs.put(key, _chunks(content))
        width_px, height_px = size_px or (None, None)
        kept = await self._rows.keep(
            NewOutput(
                task_id=claim.task_id,
                claim_id=claim.claim_id,
                media_id=output_id(claim.task_id, name),
                display_name=name,
                content_type=content_type,
                size_bytes=written.size_bytes,
                sha256=bytes.fromhex(written.sha256),
                width_px=width_px,
                height_px=height_px,
                blob_key=key,
            )
        )
        if kept is None:
            await self._discard(key)
            raise SightlineError(Reason.LEASE_LOST, "the task is no longer this worker's")
        return OutputFile(
            media=f"media/{kept.media_id}",
            file_name=name,
            content_type=content_type,
            size_bytes=written.size_bytes,
            sha256=written.sha256,
        )

    async def read(self, claim: Claim, output: OutputFile) -> bytes:
        """Read a file that another task of the job has made.

        Raises:
            NotFound: the client has deleted it meanwhile.
        """
        media = await self._files.get(claim.tenant, media_id(output.media))
        return await self._blobs.get(media.blob_key)

    async def drop(self, claim: Claim, outputs: Iterable[OutputFile]) -> None:
        """Delete files that other tasks of the job have made and that it does not need after all.

        Their bytes are left to housekeeping. One that is gone already, by an earlier attempt, is as good as deleted.
        """
        for output in outputs:
            with suppress(NotFound):
                await self._files.delete(claim.tenant, media_id(output.media))

    async def _discard(self, key: str) -> None:
        try:
            await self._blobs.delete(key)
            await self._files.settle([key])
        except TemporarilyAway:
            log.info("output_left_to_housekeeping", key=key)


async def _chunks(content: bytes | Path) -> AsyncIterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
            yield chunk
