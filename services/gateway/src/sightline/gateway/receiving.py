"""One call that adds to one upload: pieces become parts, and parts become a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress
from uuid import UUID

from sightline.common.blobs import BlobStore, blob_key
from sightline.common.errors import Reason, SightlineError
from sightline.common.settings import MediaLimits
from sightline.common.state.identifiers import uuid7
from sightline.common.state.media import Media, MediaFiles, Upload
from sightline.gateway.content import HEAD_BYTES, recognise
from sightline.gateway.intake import check_size
from sightline.gateway.media_store import LOOSE_SECONDS, Announcement, MediaStore

# Small enough that a broken connection repeats little, large enough that 4 GiB are 1,024 parts.
PART_BYTES = 4 * 2**20


def offset_mismatch(upload_id: UUID, kept_bytes: int) -> SightlineError:
    """Make the refusal of a call that begins where the upload does not stand."""
    return SightlineError(
        Reason.UPLOAD_OFFSET_MISMATCH,
        f"uploads/{upload_id} goes on at byte {kept_bytes}",
        metadata={"offset_bytes": str(kept_bytes)},
    )


class Receiving:
    """One call that adds to one upload."""

    def __init__(
        self,
        files: MediaFiles,
        blobs: BlobStore,
        store: MediaStore,
        *,
        tenant: str,
        announced: Announcement,
        upload: Upload | None,
    ) -> None:
        assert announced.upload_id is not None
        self._files = files
        self._blobs = blobs
        self._store = store
        self._tenant = tenant
        self._announced = announced
        self._upload_id = announced.upload_id
        self._upload = upload
        self._pending = bytearray()

    @property
    def kept_bytes(self) -> int:
        """How many bytes are stored."""
        return self._upload.received_bytes if self._upload else 0

    @property
    def is_surely_whole(self) -> bool:
        """Whether as many bytes have come as were announced; without a size nobody can be sure."""
        return self._announced.size_bytes is not None and self._come_bytes >= self._announced.size_bytes

    async def take(self, pieces: AsyncIterable[bytes], limits: MediaLimits) -> None:
        """Store pieces until the announced size is there, or else to their end."""
        check_size(self._announced.size_bytes or 0, limits.max_upload_bytes)
        if self.is_surely_whole:
            return
        async for piece in pieces:
            self._pending += piece
            check_size(self._come_bytes, limits.max_upload_bytes)
            if self.is_surely_whole:
                return
            if len(self._pending) >= PART_BYTES:
                self._look(limits)
                await self.save()

    async def finish(self) -> Media:
        """Make the upload a file, if all of it is there."""
        if self._announced.size_bytes is not None and not self.is_surely_whole:
            await self.save()
            raise offset_mismatch(self._upload_id, self.kept_bytes)
        if self.kept_bytes == 0:
            media = await self._store.keep(self._tenant, self._announced, _one(bytes(self._pending)))
        else:
            await self.save()
            media = await self._join_parts()
        if self._upload is not None:
            await self.abandon()
        return media

    async def save(self) -> None:
        """Store what has come; once begun, this is done even if the call is cancelled meanwhile."""
        saving = asyncio.create_task(self._append())
        try:
            await asyncio.shield(saving)
        except asyncio.CancelledError:
            with suppress(SightlineError):
                await saving
            raise

    async def abandon(self) -> None:
        """Let the upload and its parts go."""
        await self._store.discard(await self._files.end_upload(self._tenant, self._upload_id))

    @property
    def _come_bytes(self) -> int:
        return self.kept_bytes + len(self._pending)

    def _look(self, limits: MediaLimits) -> None:
        """Refuse at the first part what would be refused at the end."""
        if self.kept_bytes == 0:
            content = recognise(bytes(self._pending[:HEAD_BYTES]), limits)
            check_size(max(self._announced.size_bytes or 0, self._come_bytes), content.max_bytes)

    async def _join_parts(self) -> Media:
        try:
            return await self._store.keep(self._tenant, self._announced, self._parts())
        except SightlineError as error:
            # Another call may have finished the same upload, and deleted its parts while they were read here.
            media = await self._files.by_upload(self._tenant, self._upload_id)
            if error.reason is not Reason.MEDIA_GONE or media is None:
                raise
            return media

    async def _parts(self) -> AsyncIterator[bytes]:
        assert self._upload is not None
        for key in self._upload.blob_keys:
            async for chunk in self._blobs.stream(key):
                yield chunk

    async def _append(self) -> None:
        if not self._pending:
            return
        if self._upload is None:
            await self._begin()
        key = blob_key("parts", uuid7())
        await self._files.loosen(key, due_seconds=LOOSE_SECONDS)
        await self._blobs.put_bytes(key, bytes(self._pending))
        try:
            self._upload = await self._files.extend_upload(
                self._tenant,
                self._upload_id,
                offset_bytes=self.kept_bytes,
                added_bytes=len(self._pending),
                blob_key=key,
            )
        except SightlineError as error:
            if error.reason is not Reason.UPLOAD_OFFSET_MISMATCH:
                raise
            await self._store.discard([key])
            raise offset_mismatch(self._upload_id, await self._stands_at()) from None
        self._pending.clear()

    async def _begin(self) -> None:
        announced = self._announced
        upload = await self._files.begin_upload(
            self._tenant, self._upload_id, announced.display_name, announced.sha256, announced.size_bytes
        )
        if upload.received_bytes:  # another call has begun it meanwhile
            raise offset_mismatch(self._upload_id, upload.received_bytes)
        self._upload = upload

    async def _stands_at(self) -> int:
        upload = await self._files.get_upload(self._tenant, self._upload_id)
        return upload.received_bytes if upload else 0


async def _one(data: bytes) -> AsyncIterator[bytes]:
    yield data
