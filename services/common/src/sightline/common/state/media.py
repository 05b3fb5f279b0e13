"""Uploaded files and uploads that can be gone on with; the bytes themselves lie in the blob store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sightline.common.errors import NotFound, Reason, SightlineError
from sightline.common.state.database import Database


@dataclass(frozen=True, slots=True)
class Media:
    """A row of `media`; the size in pixels is None for what is not a picture, the job for what was uploaded."""

    tenant: str
    media_id: UUID
    display_name: str
    content_type: str
    size_bytes: int
    sha256: bytes
    width_px: int | None
    height_px: int | None
    blob_key: str
    upload_id: UUID | None
    create_time: datetime
    expire_time: datetime | None
    job_id: UUID | None


@dataclass(frozen=True, slots=True)
class NewMedia:
    """A file whose bytes are stored and that is to be known from now on."""

    tenant: str
    media_id: UUID
    display_name: str
    content_type: str
    size_bytes: int
    sha256: bytes
    width_px: int | None
    height_px: int | None
    blob_key: str
    upload_id: UUID | None
    keep_seconds: float


@dataclass(frozen=True, slots=True)
class Upload:
    """A row of `uploads`; `blob_keys` are the stored parts in their order."""

    tenant: str
    upload_id: UUID
    display_name: str
    sha256: bytes | None
    size_bytes: int | None
    received_bytes: int
    blob_keys: list[str]
    create_time: datetime
    update_time: datetime


class MediaFiles:
    """The files of every tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, media: NewMedia) -> Media | None:
        """Make a stored file known, and its blob its own.

        Returns:
            The file; None when its upload had become a file before, and this blob stays loose.
        """
        parameters = {name: getattr(media, name) for name in NewMedia.__slots__}
        rows = await self._database.fetch(Media, "media.add", parameters)
        return rows[0] if rows else None

    async def get(self, tenant: str, media_id: UUID) -> Media:
        """Read one file's row.

        Raises:
            NotFound: when the tenant has no such file.
        """
        parameters = {"tenant": tenant, "media_id": media_id}
        rows = await self._database.fetch(Media, "media.get", parameters)
        if not rows:
            raise NotFound(f"media/{media_id}")
        return rows[0]

    async def find(self, tenant: str, media_ids: Iterable[UUID]) -> list[Media]:
        """Read those of the files that exist, in no order."""
        parameters = {"tenant": tenant, "media_ids": list(media_ids)}
        return await self._database.fetch(Media, "media.by_id", parameters)

    async def by_upload(self, tenant: str, upload_id: UUID) -> Media | None:
        """Read the file that an upload became, if it is complete."""
        parameters = {"tenant": tenant, "upload_id": upload_id}
        rows = await self._database.fetch(Media, "media.by_upload", parameters)
        return rows[0] if rows else None

    async def list_page(self, tenant: str, *, before: UUID | None = None, count: int = 50) -> list[Media]:
        """Read files, the newest first, beginning behind `before`."""
        parameters = {"tenant": tenant, "before": before, "count": count}
        return await self._database.fetch(Media, "media.list", parameters)

    async def existing(self, wanted: Iterable[tuple[str, UUID]]) -> dict[tuple[str, UUID], bytes]:
        """Give the SHA-256 of those of the (tenant, media id) pairs that exist."""
        pairs = list(wanted)
        parameters = {
            "tenants": [tenant for tenant, _ in pairs],
            "media_ids": [media_id for _, media_id in pairs],
        }
        rows = await self._database.rows("media.existing", parameters)
        return {(tenant, media_id): bytes(sha256) for tenant, media_id, sha256 in rows}

    async def delete(self, tenant: str, media_id: UUID) -> str:
        """Forget a file.

        Returns:
            The key of its bytes, which the caller deletes.

        Raises:
            NotFound: when the tenant has no such file.
        """
        parameters = {"tenant": tenant, "media_id": media_id}
        rows = await self._database.rows("media.delete", parameters)
        if not rows:
            raise NotFound(f"media/{media_id}")
        return str(rows[0][0])

    async def purge(self, count: int = 500) -> list[str]:
        """Forget uploaded files that have expired, at most `count`; returns the keys of their bytes."""
        return [row[0] for row in await self._database.rows("media.purge", {"count": count})]

    async def begin_upload(
        self, tenant: str, upload_id: UUID, display_name: str, sha256: bytes | None, size_bytes: int | None
    ) -> Upload:
        """Begin an upload, or find it as far as it got."""
        parameters = {
            "tenant": tenant,
            "upload_id": upload_id,
            "display_name": display_name,
            "sha256": sha256,
            "size_bytes": size_bytes,
        }
        (row,) = await self._database.fetch(Upload, "media.begin_upload", parameters)
        return row

    async def get_upload(self, tenant: str, upload_id: UUID) -> Upload | None:
        """Read how far an upload got; None when there is none under way."""
        parameters = {"tenant": tenant, "upload_id": upload_id}
        rows = await self._database.fetch(Upload, "media.get_upload", parameters)
        return rows[0] if rows else None

    async def extend_upload(
        self, tenant: str, upload_id: UUID, *, offset_bytes: int, added_bytes: int, blob_key: str
    ) -> Upload:
        """Append a stored part to an upload.

        Raises:
            SightlineError: UPLOAD_OFFSET_MISMATCH when another call has appended meanwhile.
        """
        parameters = {
            "tenant": tenant,
            "upload_id": upload_id,
            "offset_bytes": offset_bytes,
            "added_bytes": added_bytes,
            "blob_key": blob_key,
        }
        rows = await self._database.fetch(Upload, "media.extend_upload", parameters)
        if not rows:
            raise SightlineError(Reason.UPLOAD_OFFSET_MISMATCH, f"uploads/{upload_id} does not stand at {offset_bytes}")
        return rows[0]

    async def end_upload(self, tenant: str, upload_id: UUID) -> list[str]:
        """Forget an upload; returns the keys of its parts, which the caller deletes."""
        parameters = {"tenant": tenant, "upload_id": upload_id}
        rows = await self._database.rows("media.end_upload", parameters)
        return [key for row in rows for key in row[0]]

    async def purge_uploads(self, *, older_seconds: float, count: int = 100) -> list[str]:
        """Forget uploads that nobody went on with; returns the keys of their parts."""
        parameters = {"older_seconds": older_seconds, "count": count}
        rows = await self._database.rows("media.purge_uploads", parameters)
        return [key for row in rows for key in row[0]]

    async def loosen(self, blob_key: str, *, due_seconds: float) -> None:
        """Note a blob that no row owns, before its bytes are written; they are due after `due_seconds`."""
        await self._database.rows("media.loosen", {"blob_key": blob_key, "due_seconds": due_seconds})

    async def loose(self, count: int = 500) -> list[str]:
        """Name blobs that no row owns and that are due, the oldest first."""
        return [row[0] for row in await self._database.rows("media.loose", {"count": count})]

    async def settle(self, blob_keys: Iterable[str]) -> None:
        """Forget loose blobs whose bytes are deleted."""
        await self._database.rows("media.settle", {"blob_keys": list(blob_keys)})
