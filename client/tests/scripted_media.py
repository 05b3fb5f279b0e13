"""MediaService of the scripted server: bytes in memory, and transfers that break off where the script says."""

# ruff: noqa: N802 - methods have their names from the contract

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator

from google.api.httpbody_pb2 import HttpBody
from google.protobuf import empty_pb2
from scripted_calls import Script, abort, not_found, paged, status

from sightline.v1 import (
    media_pb2,
    media_service_pb2,
    media_service_pb2_grpc,
)


class Media(media_service_pb2_grpc.MediaServiceServicer):
    def __init__(self, script: Script) -> None:
        self.script = script

    async def UploadMedia(self, requests, context):
        first, part = None, bytearray()
        cut = self.script.cut_upload_at.popleft() if self.script.cut_upload_at else None
        async for request in requests:
            if first is None:
                first = request
                await self.script.enter("UploadMedia", request, context)
                part = self.script.parts.setdefault(request.upload_id, bytearray())
                if request.offset_bytes != len(part):
                    await abort(context, status("OUT_OF_RANGE", "UPLOAD_OFFSET_MISMATCH"))
            part += request.content.data
            if cut is not None and len(part) >= cut:
                del part[cut:]
                await abort(context, status("UNAVAILABLE", "DRAINING"))
        media = self.store(first, bytes(part))
        await self.script.leave("UploadMedia", context)
        return media

    def store(self, first: media_service_pb2.UploadMediaRequest, blob: bytes) -> media_pb2.Media:
        digest = hashlib.sha256(blob).hexdigest()
        assert digest == first.sha256, "the bytes are not those that were announced"
        assert len(blob) == first.size_bytes
        name = f"media/{uuid.uuid5(uuid.NAMESPACE_OID, first.upload_id)}"
        self.script.blobs[name] = blob
        self.script.media[name] = media_pb2.Media(
            name=name, display_name=first.display_name, size_bytes=len(blob), sha256=digest
        )
        return self.script.media[name]

    async def GetUpload(self, request, context):
        await self.script.enter("GetUpload", request, context)
        upload_id = request.name.removeprefix("uploads/")
        if upload_id not in self.script.parts:
            await not_found(context, request.name)
        name = f"media/{uuid.uuid5(uuid.NAMESPACE_OID, upload_id)}"
        return media_pb2.Upload(
            name=request.name,
            received_bytes=len(self.script.parts[upload_id]),
            media=name if name in self.script.media else "",
        )

    async def ImportMedia(self, request, context):
        await self.script.enter("ImportMedia", request, context)
        return media_pb2.Media(name=f"media/{uuid.uuid4()}", display_name=request.display_name)

    async def GetMedia(self, request, context):
        await self.script.enter("GetMedia", request, context)
        if request.name not in self.script.media:
            await not_found(context, request.name)
        return self.script.media[request.name]

    async def ListMedia(self, request, context):
        await self.script.enter("ListMedia", request, context)
        page, token = paged(list(self.script.media.values()), request.page_token)
        return media_service_pb2.ListMediaResponse(media=page, next_page_token=token)

    async def DownloadMedia(self, request, context) -> AsyncIterator[HttpBody]:
        await self.script.enter("DownloadMedia", request, context)
        blob = self.script.blobs[request.name]
        cut = self.script.cut_download_at.popleft() if self.script.cut_download_at else None
        for at in range(0, len(blob), 1000):
            if cut is not None and at >= cut:
                await abort(context, status("UNAVAILABLE", "DRAINING"))
            yield HttpBody(data=b"?" * 1000 if self.script.spoil_download else blob[at : at + 1000])

    async def DeleteMedia(self, request, context):
        await self.script.enter("DeleteMedia", request, context)
        if self.script.media.pop(request.name, None) is None:
            await not_found(context, request.name)
        await self.script.leave("DeleteMedia", context)
        return empty_pb2.Empty()
