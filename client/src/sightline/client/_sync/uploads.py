# Made from _async/uploads.py by client/generate.py; never edited.
"""One upload, gone on with as often as the connection breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import grpc
from google.api.httpbody_pb2 import HttpBody

from sightline.client._sync.calls import Calls
from sightline.client._sync.waiting import run_blocking, sleep
from sightline.client.content import Content, Progress
from sightline.client.errors import NotFound
from sightline.v1.media_pb2 import Media, Upload
from sightline.v1.media_service_pb2 import GetMediaRequest, GetUploadRequest, UploadMediaRequest

if TYPE_CHECKING:
    from sightline.v1.media_service_pb2_grpc import MediaServiceStub

_ELSEWHERE = "UPLOAD_OFFSET_MISMATCH"


class Uploading:
    """The upload of one file; it knows how far the server has got."""

    def __init__(
        self,
        calls: Calls,
        stub: MediaServiceStub,
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

    def find_place(self) -> None:
        """Ask the server how many bytes it has; an upload that it does not know begins at the start."""
        request = GetUploadRequest(name=f"uploads/{self._first.upload_id}")
        try:
            self._at = self._calls.unary(self._stub.GetUpload, request)
        except NotFound:
            self._at = Upload()

    def run(self, timeout: float | None) -> Media:
        """Send what the server does not have yet, until it has all."""
        attempts = self._calls.stream_attempts(timeout)
        while not self._at.media:
            try:
                return self._send(attempts.remaining_seconds())
            except grpc.RpcError as failure:
                if self._content.failure:
                    raise self._content.failure from None
                delay = attempts.delay_after(failure, _ELSEWHERE)
            sleep(delay)
            before = self._at.received_bytes
            self.find_place()
            if self._at.received_bytes > before:
                attempts.note_progress()
        return self._calls.unary(self._stub.GetMedia, GetMediaRequest(name=self._at.media))

    def _send(self, timeout: float | None) -> Media:
        return self._stub.UploadMedia(self._pieces(), timeout=timeout, metadata=self._calls.metadata())

    def _pieces(self) -> Iterator[UploadMediaRequest]:
        """Give the rest of the file; at least one message, which says what the upload is."""
        request = UploadMediaRequest()
        request.CopyFrom(self._first)
        request.offset_bytes = sent = self._at.received_bytes
        while True:
            try:
                piece = run_blocking(self._content.read, sent)
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
