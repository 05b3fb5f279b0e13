"""Resumable uploads: parts that outlive the connection and the process that received them."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from uuid import UUID

from sightline.common.blobs.keys import UPLOADS
from sightline.common.blobs.measuring import Written
from sightline.common.blobs.store import BlobStore
from sightline.common.errors import MediaRejected, Reason, SightlineError

# Small enough that a broken connection repeats little, large enough that 4 GiB are 1,024 parts.
UPLOAD_PART_BYTES = 4 * 2**20


class Uploads:
    """Uploads that are not finished: each is a run of parts named by their offset.

    The parts are ordinary blobs, in a folder as in a bucket, so that any gateway can go on with an upload that
    another began. The price is that finishing copies them once.
    """

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    async def offset(self, upload: UUID) -> int:
        """Give how many bytes are kept: where the client goes on."""
        return _end(await self._parts(upload))

    async def append(
        self, upload: UUID, offset: int, chunks: AsyncIterable[bytes], *, max_bytes: int | None = None
    ) -> int:
        """Keep what comes; also what came before the stream broke.

        Returns:
            How many bytes are kept now.

        Raises:
            SightlineError: UPLOAD_OFFSET_MISMATCH, with the right one as `offset` in its metadata.
            MediaRejected: MEDIA_TOO_LARGE.
        """
        kept = await self.offset(upload)
        if offset != kept:
            raise _mismatch(kept)
        pending = bytearray()
        try:
            async for chunk in chunks:
                pending += chunk
                if max_bytes is not None and kept + len(pending) > max_bytes:
                    pending.clear()
                    raise MediaRejected(Reason.MEDIA_TOO_LARGE, f"The upload has more than {max_bytes} bytes")
                if len(pending) >= UPLOAD_PART_BYTES:
                    kept = await self._keep(upload, kept, pending)
        finally:
            kept = await self._keep(upload, kept, pending)
        return kept

    async def finish(self, upload: UUID, key: str, *, max_bytes: int | None = None) -> Written:
        """Make the parts one blob, whole or not at all, and let the parts go.

        Returns:
            The hash and size of the whole, for the caller to compare with what was announced.
        """
        parts = await self._parts(upload)
        written = await self._blobs.put(key, self._read(upload, parts), max_bytes=max_bytes)
        await self.abandon(upload)
        return written

    async def abandon(self, upload: UUID) -> None:
        """Let the parts go."""
        await self._blobs.delete(*await self._blobs.sizes(f"{UPLOADS}/{upload}"))

    async def sweep(self, idle_seconds: float) -> int:
        """Delete parts that nobody has added to for that long; for housekeeping.

        Returns:
            How many parts were deleted.
        """
        left = await self._blobs.sizes(UPLOADS, idle_seconds=idle_seconds)
        await self._blobs.delete(*left)
        return len(left)

    async def _keep(self, upload: UUID, offset: int, pending: bytearray) -> int:
        if not pending:
            return offset
        if not await self._blobs.create(_part_key(upload, offset), bytes(pending)):
            raise _mismatch(await self.offset(upload))
        end = offset + len(pending)
        pending.clear()
        return end

    async def _parts(self, upload: UUID) -> dict[int, int]:
        sizes = await self._blobs.sizes(f"{UPLOADS}/{upload}")
        return {int(key.rpartition("/")[2]): size for key, size in sizes.items()}

    async def _read(self, upload: UUID, parts: dict[int, int]) -> AsyncIterator[bytes]:
        offset = 0
        while offset in parts:
            async for chunk in self._blobs.stream(_part_key(upload, offset)):
                yield chunk
            offset += parts[offset]


def _part_key(upload: UUID, offset: int) -> str:
    return f"{UPLOADS}/{upload}/{offset:016d}"


def _end(parts: dict[int, int]) -> int:
    offset = 0
    while offset in parts:
        offset += parts[offset]
    return offset


def _mismatch(offset: int) -> SightlineError:
    return SightlineError(
        Reason.UPLOAD_OFFSET_MISMATCH,
        f"The upload goes on at byte {offset}",
        metadata={"offset": str(offset)},
    )
