"""Files: their bytes in the blob store and their rows in the database, kept in step."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from sightline.common.blobs import BlobStore, blob_key
from sightline.common.errors import InvalidRequest, MediaRejected, Reason, SightlineError, TemporarilyAway
from sightline.common.settings import MediaLimits
from sightline.common.state.identifiers import uuid7
from sightline.common.state.media import Media, MediaFiles, NewMedia
from sightline.gateway.intake import Intake

# Longer than any upload lasts: until then, bytes without a row may still be on their way.
LOOSE_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a client says of a file before it sends it.

    Attributes:
        display_name: what the client calls it.
        sha256: of the whole file, None if it does not say.
        size_bytes: of the whole file, None if it does not say.
        upload_id: of an upload that can be gone on with, None for another.
    """

    display_name: str = ""
    sha256: bytes | None = None
    size_bytes: int | None = None
    upload_id: UUID | None = None


class MediaStore:
    """Keeps files, gives their bytes and deletes them; a crash at any point leaves nothing for ever."""

    def __init__(self, files: MediaFiles, blobs: BlobStore, limits: MediaLimits, *, keep_seconds: float) -> None:
        """Join the two halves.

        Args:
            files: the rows.
            blobs: the bytes.
            limits: what is accepted.
            keep_seconds: how long a file is kept.
        """
        self._files = files
        self._blobs = blobs
        self._limits = limits
        self._keep_seconds = keep_seconds
        self._log: Any = structlog.get_logger("sightline.media")

    async def keep(self, tenant: str, announced: Announcement, pieces: AsyncIterable[bytes]) -> Media:
        """Store a file and make it known; after a refusal nothing of it is left.

        Returns:
            The file; the one that its upload had become before, if another call was quicker.

        Raises:
            MediaRejected: the bytes are none that are analysed, or not those announced.
            TemporarilyAway: the store or the database is away.
        """
        media_id = uuid7()
        key = blob_key("media", media_id)
        proven_later = announced.sha256 is not None
        intake = Intake(pieces, self._limits, announced.size_bytes, proven_later=proven_later)
        await self._files.loosen(key, due_seconds=LOOSE_SECONDS)
        try:
            written = await self._blobs.put(key, intake)
            check_sha256(bytes.fromhex(written.sha256), announced.sha256)
        except (MediaRejected, InvalidRequest):
            await self.discard([key])
            raise
        assert intake.content is not None, "a file that was not looked at is not stored"
        # From here on an error deletes nothing: the database may have done what was asked before it went away.
        added = await self._files.add(
            NewMedia(
                tenant=tenant,
                media_id=media_id,
                display_name=announced.display_name,
                content_type=intake.content.content_type,
                size_bytes=written.size_bytes,
                sha256=bytes.fromhex(written.sha256),
                width_px=intake.content.width_px,
                height_px=intake.content.height_px,
                blob_key=key,
                upload_id=announced.upload_id,
                keep_seconds=self._keep_seconds,
            )
        )
        return added or await self._quicker(tenant, announced, key)

    def read(self, media: Media) -> AsyncIterator[bytes]:
        """Give the bytes of a file; MEDIA_GONE if they are no longer there."""
        return self._blobs.stream(media.blob_key)

    async def forget(self, tenant: str, media_id: UUID) -> None:
        """Delete a file: its row, which is what counts, then its bytes.

        Raises:
            NotFound: when the tenant has no such file.
        """
        await self.discard([await self._files.delete(tenant, media_id)])

    async def discard(self, keys: Collection[str]) -> None:
        """Delete the bytes of loose blobs; what can't be deleted now stays loose, and housekeeping tries again."""
        if not keys:
            return
        try:
            await self._blobs.delete(*keys)
            await self._files.settle(keys)
        except TemporarilyAway:
            self._log.info("blobs_left_to_housekeeping", count=len(keys))

    async def _quicker(self, tenant: str, announced: Announcement, key: str) -> Media:
        await self.discard([key])
        assert announced.upload_id is not None, "only an upload can have become a file before"
        media = await self._files.by_upload(tenant, announced.upload_id)
        if media is None:
            raise SightlineError(Reason.MEDIA_GONE, "The file of this upload was deleted meanwhile")
        return media


def check_sha256(found: bytes, announced: bytes | None) -> None:
    """Refuse a file that is another one than was announced.

    Raises:
        MediaRejected: MEDIA_CHECKSUM_MISMATCH.
    """
    if announced is not None and found != announced:
        raise MediaRejected(Reason.MEDIA_CHECKSUM_MISMATCH, "The file has another SHA-256 than was announced")
