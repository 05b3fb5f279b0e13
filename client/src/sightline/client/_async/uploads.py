"""One upload, gone on with as often as the connection breaks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import grpc
from google.api.httpbody_pb2 import HttpBody

from sightline.client._async.calls import AsyncCalls
from sightline.client._async.waiting import run_blocking, sleep
from sightline.client.content import Content, Progress
from sightline.client.errors import NotFound
from sightline.v1.media_pb2 import Media, Upload
from sightline.v1.media_service_pb2 import GetMediaRequest, GetUploadRequest, UploadMediaRequest

if TYPE_CHECKING:
    from sightline.v1.media_service_pb2_grpc import MediaServiceAsyncStub

_ELSEWHERE = "UPLOAD_OFFSET_MISMATCH"


class AsyncUploading:
    """The upload of one file; it knows how far the server has got."""

    def __init__(
        self,
        calls: AsyncCalls,
        stub: MediaServiceAsyncStub,
        content: Content,
        first: UploadMediaRequest,
        on_progress: Progress | None,
    ) -> None:
        self._calls = calls
        self._stub = stub
        self._content = content
        self._first = first
        self._on_progress = on_progress
        self._at = Upload()

    async def find_place(self) -> None:
        """Ask the server how many bytes it has; an upload that it does not know begins at the start."""
        request = GetUploadRequest(name=f"uploads/{self._first.upload_id}")
        try:
            self._at = await self._calls.unary(self._stub.GetUpload, request)
        except NotFound:
            self._at = Upload()

    async def run(self, timeout: float | None) -> Media:
        """Send what the server does not have yet, until it has all."""
        attempts = self._calls.stream_attempts(timeout)
        while not self._at.media:
            try:
                return await self._send(attempts.remaining_seconds())
            except grpc.RpcError as failure:
                if self._content.failure:
                    raise self._content.failure from None
                delay = attempts.delay_after(failure, _ELSEWHERE)
            await sleep(delay)
            before = self._at.received_bytes
            await self.find_place()
            if self._at.received_bytes > before:
                attempts.note_progress()
        return await self._calls.unary(self._stub.GetMedia, GetMediaRequest(name=self._at.media))

    async def _send(self, timeout: float | None) -> Media:
        return await self._stub.UploadMedia(self._pieces(), timeout=timeout, metadata=self._calls.metadata())

    async def _pieces(self) -> AsyncIterator[UploadMediaRequest]:
        """Give the rest of the file; at least one message, which says what the upload is."""
        request = UploadMediaRequest()
        request.CopyFrom(self._first)
        request.offset_bytes = sent = self._at.received_bytes
        while True:
            try:
                piece = await run_blocking(self._content.read, sent)
            except OSError as failure:
                self._content.failure = failure
                return
            sent += len(piece)
            request.content.CopyFrom(HttpBody(data=piece))
            yield request
            if self._on_progress:
                self._on_progress(sent, self._content.size_bytes)
            if sent >= self._content.size_bytes or not piece:
                return
            request = UploadMediaRequest()
