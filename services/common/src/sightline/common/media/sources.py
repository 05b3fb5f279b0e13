"""Where the bytes of pictures and films come from: the call itself, or media that was uploaded before."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from sightline.common.blobs import BlobStore
from sightline.common.errors import MediaRejected, NotFound, Reason, SightlineError
from sightline.common.media.limits import check_size
from sightline.common.settings import MediaLimits
from sightline.common.state.media import Media, MediaFiles
from sightline.common.state.tasks import Claim
from sightline.v1.image_pb2 import ImageSource


class PictureSource:
    """Reads encoded pictures for calls and for tasks, never more than the limits allow."""

    def __init__(self, files: MediaFiles, blobs: BlobStore, limits: MediaLimits) -> None:
        self._files = files
        self._blobs = blobs
        self._limits = limits

    async def of_call(self, source: ImageSource, tenant: str) -> bytes:
        """Give the encoded picture that a call names or carries.

        Raises:
            NotFound: when the tenant has no such media.
            MediaRejected: MEDIA_EMPTY or MEDIA_TOO_LARGE, before anything is read.
        """
        if source.WhichOneof("source") == "content":
            return source.content
        media = await self._files.get(tenant, media_id(source.media))
        check_size(media.size_bytes, self._limits)
        return await self._blobs.get(media.blob_key)

    async def of_task(self, claim: Claim) -> bytes:
        """Give the encoded picture that a task is about.

        Raises:
            SightlineError: MEDIA_GONE when it was deleted since the job was created.
            MediaRejected: when it is no picture, or too large for one.
        """
        if claim.blob_key is None or claim.size_bytes is None:
            raise _gone()
        if claim.content_type and not claim.content_type.startswith("image/"):
            raise MediaRejected(
                Reason.MEDIA_UNSUPPORTED, f"{claim.kind} takes pictures here, and the media is {claim.content_type}"
            )
        check_size(claim.size_bytes, self._limits)
        return await self._blobs.get(claim.blob_key)


class VideoSource:
    """Brings films and recordings to a local file for as long as they are read, never more than the limits allow."""

    def __init__(self, blobs: BlobStore, limits: MediaLimits) -> None:
        self._blobs = blobs
        self._limits = limits

    @asynccontextmanager
    async def of_task(self, claim: Claim) -> AsyncIterator[Path]:
        """Give the film that a task is about as a file, which may be gone at the end of the block; never write to it.

        Raises:
            SightlineError: MEDIA_GONE when it was deleted since the job was created.
            MediaRejected: MEDIA_TOO_LARGE, before anything is read.
        """
        if claim.blob_key is None or claim.size_bytes is None:
            raise _gone()
        async with self._local(claim.blob_key, claim.size_bytes) as path:
            yield path

    @asynccontextmanager
    async def of_media(self, media: Media) -> AsyncIterator[Path]:
        """Give any film or recording as a file, as `of_task`.

        Raises:
            SightlineError: MEDIA_GONE when its bytes were deleted.
            MediaRejected: MEDIA_TOO_LARGE, before anything is read.
        """
        async with self._local(media.blob_key, media.size_bytes) as path:
            yield path

    @asynccontextmanager
    async def _local(self, key: str, size_bytes: int) -> AsyncIterator[Path]:
        if size_bytes > self._limits.max_upload_bytes:
            raise MediaRejected(Reason.MEDIA_TOO_LARGE, f"the film has {size_bytes} bytes")
        if (path := self._blobs.local_file(key)) is not None:
            await self._blobs.size(key)
            yield path
            return
        with tempfile.TemporaryDirectory(prefix="sightline-") as folder:
            path = Path(folder) / "film"
            await self._save(key, path)
            yield path

    async def _save(self, key: str, path: Path) -> None:
        with path.open("wb") as file:
            async for chunk in self._blobs.stream(key):
                await asyncio.to_thread(file.write, chunk)


def is_video(claim: Claim) -> bool:
    """Say whether a task is about a film, by what its bytes were found to be when they came in."""
    return (claim.content_type or "").startswith("video/")


def _gone() -> SightlineError:
    return SightlineError(Reason.MEDIA_GONE, "the media of the job was deleted before it was read")


def media_id(name: str) -> UUID:
    """Read the name of media, `media/{media}`.

    Raises:
        NotFound: it can't be a name of ours.
    """
    try:
        return UUID(name.removeprefix("media/"))
    except ValueError:
        raise NotFound(name) from None
