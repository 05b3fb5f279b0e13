"""Uploads that can be gone on with: parts in the blob store, in the order that the database says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import structlog

from sightline.common.blobs import BlobStore
from sightline.common.errors import FieldViolation, InvalidRequest, MediaRejected, NotFound, SightlineError
from sightline.common.settings import MediaLimits
from sightline.common.state.media import Media, MediaFiles, Upload
from sightline.gateway.media_store import Announcement, MediaStore, check_sha256
from sightline.gateway.receiving import Receiving, offset_mismatch

log = structlog.get_logger()


class Uploads:
    """Takes uploads in; any gateway can go on with what another began."""

    def __init__(self, files: MediaFiles, blobs: BlobStore, store: MediaStore, limits: MediaLimits) -> None:
        """Join what an upload needs.

        Args:
            files: the rows of files and of uploads.
            blobs: where the parts lie.
            store: takes the finished file.
            limits: what is accepted.
        """
        self._files = files
        self._blobs = blobs
        self._store = store
        self._limits = limits
        self._finishing: dict[tuple[str, UUID], asyncio.Task[Media]] = {}

    async def progress(self, tenant: str, upload_id: UUID) -> tuple[int, Media | None]:
        """Tell how many bytes of an upload are stored, and which file it became.

        Raises:
            NotFound: when the tenant has no such upload.
        """
        media = await self._files.by_upload(tenant, upload_id)
        if media is not None:
            return media.size_bytes, media
        upload = await self._files.get_upload(tenant, upload_id)
        if upload is None:
            raise NotFound(f"uploads/{upload_id}")
        return upload.received_bytes, None

    async def receive(
        self, tenant: str, announced: Announcement, offset_bytes: int, pieces: AsyncIterable[bytes]
    ) -> Media:
        """Take the next bytes of an upload; all but the last of them outlive this call, however it ends.

        Args:
            tenant: whose upload it is.
            announced: what the client says of the file in this call, with its `upload_id`.
            offset_bytes: where in the file the first piece begins.
            pieces: the bytes; the upload is complete when as many as announced are there, or at their end.

        Raises:
            SightlineError: UPLOAD_OFFSET_MISMATCH, with the right offset as `offset_bytes` in its metadata.
            MediaRejected: the bytes are none that are analysed, or not those announced; nothing is left of them.
        """
        assert announced.upload_id is not None
        complete = await self._complete(tenant, announced.upload_id)
        if complete is not None:
            check_sha256(complete.sha256, announced.sha256)
            return complete
        upload = await self._files.get_upload(tenant, announced.upload_id)
        receiving = Receiving(
            self._files, self._blobs, self._store, tenant=tenant, announced=_joined(announced, upload), upload=upload
        )
        if offset_bytes != receiving.kept_bytes:
            raise offset_mismatch(announced.upload_id, receiving.kept_bytes)
        try:
            await receiving.take(pieces, self._limits)
            if receiving.is_surely_whole:
                return await self._finish_anyway(receiving, (tenant, announced.upload_id))
            return await receiving.finish()
        except MediaRejected:
            await receiving.abandon()
            raise
        except asyncio.CancelledError:
            # The connection broke: what has come is kept, so that the client need not send it again.
            if not receiving.is_surely_whole:
                with suppress(SightlineError):
                    await receiving.save()
            raise

    async def _complete(self, tenant: str, upload_id: UUID) -> Media | None:
        finishing = self._finishing.get((tenant, upload_id))
        if finishing is not None:
            return await asyncio.shield(finishing)
        return await self._files.by_upload(tenant, upload_id)

    async def _finish_anyway(self, receiving: Receiving, key: tuple[str, UUID]) -> Media:
        """Finish even if the client hangs up: a large film may take longer than proxies bear silence."""
        finishing = asyncio.create_task(receiving.finish(), name="finish upload")
        self._finishing[key] = finishing
        finishing.add_done_callback(lambda task: self._finished(key, task))
        return await asyncio.shield(finishing)

    def _finished(self, key: tuple[str, UUID], finishing: asyncio.Task[Media]) -> None:
        if self._finishing.get(key) is finishing:
            del self._finishing[key]
        # Looked at here, since the client that would be told may be gone; the parts are there to try again.
        if not finishing.cancelled() and finishing.exception() is not None:
            log.info("upload_not_finished", upload=str(key[1]), error=type(finishing.exception()).__name__)


def _joined(announced: Announcement, upload: Upload | None) -> Announcement:
    """Complete what this call says of the file by what the first one said."""
    if upload is None:
        return announced
    for field in ("sha256", "size_bytes"):
        now, before = getattr(announced, field), getattr(upload, field)
        if now is not None and before is not None and now != before:
            raise InvalidRequest(
                f"uploads/{upload.upload_id} was begun for another file",
                [FieldViolation(field, "differs from what the upload was begun with")],
            )
    return replace(
        announced,
        display_name=upload.display_name or announced.display_name,
        sha256=announced.sha256 or upload.sha256,
        size_bytes=announced.size_bytes if announced.size_bytes is not None else upload.size_bytes,
    )
