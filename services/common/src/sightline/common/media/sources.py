"""Where the bytes of a picture come from: the call itself, or media that was uploaded before."""

from __future__ import annotations

from uuid import UUID

from sightline.common.blobs import BlobStore
from sightline.common.errors import MediaRejected, NotFound, Reason, SightlineError
from sightline.common.media.limits import check_size
from sightline.common.settings import MediaLimits
from sightline.common.state.media import MediaFiles
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
        media = await self._files.get(tenant, _media_id(source.media))
        check_size(media.size_bytes, self._limits)
        return await self._blobs.get(media.blob_key)

    async def of_task(self, claim: Claim) -> bytes:
        """Give the encoded picture that a task is about.

        Raises:
            SightlineError: MEDIA_GONE when it was deleted since the job was created.
            MediaRejected: when it is no picture, or too large for one.
        """
        if claim.blob_key is None or claim.size_bytes is None:
            raise SightlineError(Reason.MEDIA_GONE, "the media of the job was deleted before it was read")
        if claim.content_type and not claim.content_type.startswith("image/"):
            raise MediaRejected(
                Reason.MEDIA_UNSUPPORTED, f"{claim.kind} takes pictures here, and the media is {claim.content_type}"
            )
        check_size(claim.size_bytes, self._limits)
        return await self._blobs.get(claim.blob_key)


def _media_id(name: str) -> UUID:
    try:
        return UUID(name.removeprefix("media/"))
    except ValueError:
        raise NotFound(name) from None
