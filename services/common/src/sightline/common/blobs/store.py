"""The blob store: bytes by key, in a folder or in an S3-compatible bucket, through one set of methods."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import ObjectStore

from sightline.common.blobs.failures import BlobMissing, away, gone, told_apart
from sightline.common.blobs.keys import MARKER
from sightline.common.blobs.measuring import Measuring, StreamBroke, Written
from sightline.common.telemetry import Metrics

# The least that S3 takes as a part. Two parts on their way bound the memory of an upload to about 15 MiB.
PART_BYTES = 5 * 2**20
_PARTS_AT_ONCE = 2
READ_BYTES = 256 * 1024


class BlobStore:
    """Puts, gets and deletes blobs; every failure is MEDIA_GONE, MEDIA_TOO_LARGE or BLOBS_UNAVAILABLE."""

    def __init__(self, store: ObjectStore, metrics: Metrics, folder: Path | None = None) -> None:
        """Wrap a store; `open_blobs` makes it from settings.

        Args:
            store: obstore's store.
            metrics: counts the bytes.
            folder: the root of a folder store, so that what is acknowledged can be forced to the disk.
        """
        self._store = store
        self._metrics = metrics
        self._folder = folder
        self._read = metrics.blob_bytes.labels("read")
        self._wrote = metrics.blob_bytes.labels("written")

    async def put(self, key: str, chunks: AsyncIterable[bytes], *, max_bytes: int | None = None) -> Written:
        """Write a blob from a stream; it appears under its key when it is whole, or not at all.

        Raises:
            MediaRejected: more than `max_bytes` came (MEDIA_TOO_LARGE); nothing is kept.
            TemporarilyAway: the store is away or full.
            Exception: whatever the stream itself raised; nothing is kept.
        """
        self._refuse_if_unmounted()
        measuring = Measuring(chunks, max_bytes)
        try:
            await self._put_stream(key, aiter(measuring))
        except StreamBroke as broke:
            raise broke.failure from None
        written = measuring.written
        self._wrote.inc(written.size_bytes)
        return written

    async def put_bytes(self, key: str, data: bytes) -> Written:
        """Write a blob that is in memory."""
        return await self.put(key, _one(data))

    async def create(self, key: str, data: bytes) -> bool:
        """Write a small blob if there is none of that key.

        Returns:
            Whether it was written; False if there was one, which is left as it is.
        """
        self._refuse_if_unmounted()
        return await self._create(key, data)

    async def _create(self, key: str, data: bytes) -> bool:
        with told_apart("create", key, self._metrics):
            try:
                await obstore.put_async(self._store, key, data, mode="create")
            except AlreadyExistsError:
                return False
        await self._settle(key)
        self._wrote.inc(len(data))
        return True

    async def get(self, key: str) -> bytes:
        """Read a whole blob.

        Raises:
            SightlineError: MEDIA_GONE.
            TemporarilyAway: the store is away.
        """
        return b"".join([chunk async for chunk in self.stream(key)])

    async def get_range(self, key: str, start: int, end: int) -> bytes:
        """Read the bytes from `start` up to `end`, fewer if the blob ends before."""
        size = await self.size(key)
        if start >= min(end, size):
            return b""
        try:
            with told_apart("get", key, self._metrics):
                data = await obstore.get_range_async(self._store, key, start=start, end=min(end, size))
        except BlobMissing:
            raise await self._missing() from None
        self._read.inc(len(data))
        return bytes(data)

    async def stream(self, key: str, *, start: int = 0, chunk_bytes: int = READ_BYTES) -> AsyncIterator[bytes]:
        """Read a blob in chunks of about `chunk_bytes`, from `start` to its end."""
        if start and start >= await self.size(key):
            return
        options: Any = {"range": {"offset": start}} if start else None
        try:
            with told_apart("get", key, self._metrics):
                found = await obstore.get_async(self._store, key, options=options)
                async for chunk in found.stream(min_chunk_size=chunk_bytes):
                    self._read.inc(len(chunk))
                    yield bytes(chunk)
        except BlobMissing:
            raise await self._missing() from None

    async def size(self, key: str) -> int:
        """Give the size of a blob in bytes; MEDIA_GONE if it is not there."""
        try:
            with told_apart("head", key, self._metrics):
                return int((await obstore.head_async(self._store, key))["size"])
        except BlobMissing:
            raise await self._missing() from None

    async def exists(self, key: str) -> bool:
        """Say whether there is a blob of that key."""
        try:
            with told_apart("head", key, self._metrics):
                await obstore.head_async(self._store, key)
        except BlobMissing:
            return False
        return True

    def local_file(self, key: str) -> Path | None:
        """Give the file of a blob where the store is a folder of this machine, to be read and never written."""
        return None if self._folder is None else self._folder / key

    async def delete(self, *keys: str) -> None:
        """Delete blobs; one that is not there is as good as deleted, unless the whole store is not."""
        self._refuse_if_unmounted()
        for key in keys:
            try:
                with told_apart("delete", key, self._metrics):
                    await obstore.delete_async(self._store, key)
            except BlobMissing:
                continue

    async def sizes(self, prefix: str, *, idle_seconds: float = 0.0) -> dict[str, int]:
        """List the blobs under a prefix with their sizes, those untouched for `idle_seconds` only."""
        before = datetime.now(UTC) - timedelta(seconds=idle_seconds)
        found: dict[str, int] = {}
        with told_apart("list", prefix, self._metrics):
            async for batch in cast(Any, obstore.list(self._store, prefix=prefix)):
                found.update({one["path"]: one["size"] for one in batch if one["last_modified"] <= before})
        return found

    async def claim(self) -> None:
        """Make a new store ours, by the marker that `check` looks for."""
        await self._create(MARKER, b"The blobs of one Sightline installation; do not delete this file.\n")

    async def check(self) -> None:
        """Return if the store answers and is ours; for readiness.

        Raises:
            TemporarilyAway: it does not, or is not.
        """
        if not await self.exists(MARKER):
            raise away()

    def _refuse_if_unmounted(self) -> None:
        """Refuse where the folder was: it would be made anew, on the wrong disk. A bucket says so itself."""
        if self._folder is not None and not (self._folder / MARKER).exists():
            raise away()

    async def _missing(self) -> Exception:
        return gone() if await self.exists(MARKER) else away()

    async def _put_stream(self, key: str, chunks: AsyncIterator[bytes]) -> None:
        """Write what fits into one part at once, and only more than that in parts: three requests to a bucket."""
        head = bytearray()
        async for chunk in chunks:
            head += chunk
            if len(head) >= PART_BYTES:
                return await self._put_parts(key, _joined(bytes(head), chunks))
        return await self._put_whole(key, bytes(head))

    async def _put_whole(self, key: str, data: bytes) -> None:
        try:
            with told_apart("put", key, self._metrics):
                await obstore.put_async(self._store, key, data, use_multipart=False)
        except BlobMissing:
            raise away() from None
        await self._settle(key)

    async def _put_parts(self, key: str, chunks: AsyncIterator[bytes]) -> None:
        try:
            with told_apart("put", key, self._metrics):
                await obstore.put_async(self._store, key, chunks, chunk_size=PART_BYTES, max_concurrency=_PARTS_AT_ONCE)
        except BlobMissing:
            raise away() from None
        await self._settle(key)

    async def _settle(self, key: str) -> None:
        """Force a folder's file to the disk: what is acknowledged must outlive a power cut."""
        if self._folder is not None:
            with told_apart("put", key, self._metrics):
                await asyncio.to_thread(_force_to_disk, self._folder / key)


def _force_to_disk(file: Path) -> None:
    for path in (file, file.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


async def _joined(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in rest:
        yield chunk


async def _one(data: bytes) -> AsyncIterator[bytes]:
    yield data
