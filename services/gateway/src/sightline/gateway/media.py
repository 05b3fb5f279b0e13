"""MediaService: the files that are analysed, from and to the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import quote
from uuid import UUID

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty

from sightline.common.errors import FieldViolation, InvalidRequest, SightlineError, TemporarilyAway
from sightline.common.rpc import Context, current_identity
from sightline.common.state import media as state
from sightline.common.state.media import MediaFiles
from sightline.gateway import display_names, names, page_tokens
from sightline.gateway.imports import Importer
from sightline.gateway.media_store import Announcement, MediaStore
from sightline.gateway.quotas.metering import Meters
from sightline.gateway.uploads import Uploads
from sightline.v1 import media_pb2, media_service_pb2 as service
from sightline.v1.media_service_pb2_grpc import MediaServiceServicer

# What bounds the memory of an upload, beside gRPC's own limit for messages of any kind.
UPLOAD_PIECE_BYTES = 4 * 2**20
DOWNLOAD_PIECE_BYTES = 256 * 1024
UPLOADS = "uploads"
_SKIM_SECONDS = 0.7


class MediaServicer(MediaServiceServicer):
    """Translates between the contract and the store of files."""

    def __init__(
        self, files: MediaFiles, store: MediaStore, uploads: Uploads, importer: Importer, meters: Meters
    ) -> None:
        """Take what the methods need.

        Args:
            files: the rows, for what only reads them.
            store: keeps, reads and deletes files.
            uploads: takes uploads that can be gone on with.
            importer: fetches files from elsewhere.
            meters: count what comes.
        """
        self._files = files
        self._store = store
        self._uploads = uploads
        self._importer = importer
        self._meters = meters

    async def UploadMedia(  # noqa: N802 - the contract's name
        self, request_iterator: AsyncIterator[service.UploadMediaRequest], context: Context
    ) -> media_pb2.Media:
        """Store a file that comes in pieces."""
        first = await anext(request_iterator, service.UploadMediaRequest())
        try:
            expected_bytes = max(0, first.size_bytes - first.offset_bytes)
            async with self._meters.upload(current_identity(), expected_bytes) as meter:
                media = await self._received(first, meter.counted(_pieces(first, request_iterator)))
        except TemporarilyAway:
            raise
        except SightlineError:
            await _skim(request_iterator)
            raise
        await _skim(request_iterator)
        return to_proto(media)

    async def GetUpload(self, request: service.GetUploadRequest, context: Context) -> media_pb2.Upload:  # noqa: N802
        """Say how far an upload got."""
        upload_id = names.parse(UPLOADS, request.name.lower())
        received_bytes, media = await self._uploads.progress(current_identity().tenant, upload_id)
        return media_pb2.Upload(
            name=f"{UPLOADS}/{upload_id}",
            received_bytes=received_bytes,
            media=_name(media.media_id) if media else "",
        )

    async def ImportMedia(self, request: service.ImportMediaRequest, context: Context) -> media_pb2.Media:  # noqa: N802
        """Fetch a file from a public address and store it."""
        display_name = display_names.checked(request.display_name)
        return to_proto(await self._importer.fetch(current_identity(), request.uri, display_name))

    async def GetMedia(self, request: service.GetMediaRequest, context: Context) -> media_pb2.Media:  # noqa: N802
        """Get what is known of a file."""
        return to_proto(await self._found(request.name))

    async def ListMedia(  # noqa: N802
        self, request: service.ListMediaRequest, context: Context
    ) -> service.ListMediaResponse:
        """List files, the newest first."""
        tenant = current_identity().tenant
        question = ("ListMedia", tenant)
        before = page_tokens.redeem_id(request.page_token, *question)
        count = page_tokens.page_size(request.page_size)
        # One more than is asked for tells whether there is a next page.
        rows = await self._files.list_page(tenant, before=before, count=count + 1)
        page = rows[:count]
        token = page_tokens.issue(page[-1].media_id.bytes, *question) if len(rows) > count else ""
        return service.ListMediaResponse(media=map(to_proto, page), next_page_token=token)

    async def DownloadMedia(  # noqa: N802
        self, request: service.DownloadMediaRequest, context: Context
    ) -> AsyncIterator[HttpBody]:
        """Send the bytes of a file in pieces."""
        media = await self._found(request.name)
        content_type = media.content_type
        async for chunk in self._store.read(media):
            if content_type:
                # Sent once there is something to send: before that, an error still has a status of its own.
                await context.send_initial_metadata(_announced_file(media))
            for start in range(0, len(chunk), DOWNLOAD_PIECE_BYTES):
                yield HttpBody(content_type=content_type, data=chunk[start : start + DOWNLOAD_PIECE_BYTES])
                content_type = ""

    async def DeleteMedia(self, request: service.DeleteMediaRequest, context: Context) -> Empty:  # noqa: N802
        """Delete a file."""
        await self._store.forget(current_identity().tenant, names.parse(names.MEDIA, request.name))
        return Empty()

    async def _received(self, first: service.UploadMediaRequest, pieces: AsyncIterator[bytes]) -> state.Media:
        announced = _announced(first)
        tenant = current_identity().tenant
        if announced.upload_id is None:
            return await self._store.keep(tenant, announced, pieces)
        return await self._uploads.receive(tenant, announced, first.offset_bytes, pieces)

    async def _found(self, name: str) -> state.Media:
        return await self._files.get(current_identity().tenant, names.parse(names.MEDIA, name))


def _announced_file(media: state.Media) -> tuple[tuple[str, str], ...]:
    # Envoy makes it the content-length, by which a client over REST notices a file that is cut short.
    size = ("x-content-length", str(media.size_bytes))
    return size, ("content-disposition", disposition(media.display_name))


def to_proto(media: state.Media) -> media_pb2.Media:
    """Give a file as clients see it."""
    message = media_pb2.Media(
        name=_name(media.media_id),
        display_name=media.display_name,
        content_type=media.content_type,
        size_bytes=media.size_bytes,
        sha256=media.sha256.hex(),
    )
    message.create_time.FromDatetime(media.create_time)
    if media.expire_time is not None:
        message.expire_time.FromDatetime(media.expire_time)
    if media.width_px is not None and media.height_px is not None:
        message.image_size.width_px, message.image_size.height_px = media.width_px, media.height_px
    return message


def disposition(display_name: str) -> str:
    """Say that a file is to be saved, never shown, under a name that can't break out of the header.

    Source: RFC 6266, with the name as RFC 8187 writes it.
    """
    name = display_name.replace("\\", "/").rpartition("/")[2].strip(". ")
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}" if name else "attachment"


def _name(media_id: UUID) -> str:
    return f"{names.MEDIA}/{media_id}"


def _announced(first: service.UploadMediaRequest) -> Announcement:
    if first.offset_bytes and not first.upload_id:
        violation = FieldViolation("offset_bytes", "needs an upload_id")
        raise InvalidRequest("Only an upload with an upload_id can begin behind the start", [violation])
    return Announcement(
        display_name=display_names.checked(first.display_name),
        sha256=bytes.fromhex(first.sha256) or None,
        size_bytes=first.size_bytes or None,
        upload_id=UUID(first.upload_id) if first.upload_id else None,
    )


async def _pieces(
    first: service.UploadMediaRequest, rest: AsyncIterator[service.UploadMediaRequest]
) -> AsyncIterator[bytes]:
    yield _piece(first)
    async for message in rest:
        for field, _ in message.ListFields():
            if field.name != "content":
                raise InvalidRequest(
                    "Only the first message of an upload says what it is",
                    [FieldViolation(field.name, "may only be set in the first message")],
                )
        yield _piece(message)


def _piece(message: service.UploadMediaRequest) -> bytes:
    data: bytes = message.content.data
    if len(data) > UPLOAD_PIECE_BYTES:
        violation = FieldViolation("content.data", f"must have at most {UPLOAD_PIECE_BYTES} bytes")
        raise InvalidRequest("The piece is too large; send the file in smaller ones", [violation])
    return data


async def _skim(rest: AsyncIterator[service.UploadMediaRequest]) -> None:
    """Read on for a moment and keep nothing.

    A client that is answered in the middle of a write may see the write fail before it sees the answer, and
    would then tell of a broken connection instead of the reason.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_SKIM_SECONDS):
            async for _ in rest:
                pass
