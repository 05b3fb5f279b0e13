# Made from _async/downloads.py by client/generate.py; never edited.
"""One download, begun again when the connection breaks."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

import grpc

from sightline.client._sync.calls import Calls
from sightline.client._sync.waiting import run_blocking, sleep
from sightline.client.content import Progress
from sightline.client.errors import ServerFault
from sightline.client.streams import cancelled_at_end
from sightline.v1.media_pb2 import Media
from sightline.v1.media_service_pb2 import DownloadMediaRequest

if TYPE_CHECKING:
    from sightline.v1.media_service_pb2_grpc import MediaServiceStub


class Downloading:
    """The download of one file."""

    def __init__(self, calls: Calls, stub: MediaServiceStub, media: Media, on_progress: Progress | None) -> None:
        self._calls = calls
        self._stub = stub
        self._media = media
        self._on_progress = on_progress

    def run(self, to: Path, timeout: float | None) -> Path:
        """Write to a file beside `to`, check it, and only then put it in its place."""
        with tempfile.TemporaryDirectory(dir=to.parent, prefix=".sightline-") as aside:
            part = Path(aside) / "part"
            digest = self._write(part, timeout)
            if digest != self._media.sha256:
                message = f"{self._media.name} came with SHA-256 {digest}, not {self._media.sha256}"
                raise ServerFault(message, reason="MEDIA_CHECKSUM_MISMATCH", code="DATA_LOSS")
            return part.replace(to)

    def _write(self, part: Path, timeout: float | None) -> str:
        """Write the whole file, from the start again where the connection was lost, and give its SHA-256."""
        attempts = self._calls.stream_attempts(timeout)
        while True:
            try:
                with part.open("wb") as file:
                    return self._receive(file, attempts.remaining_seconds())
            except grpc.RpcError as failure:
                delay = attempts.delay_after(failure)
            sleep(delay)

    def _receive(self, file: IO[bytes], timeout: float | None) -> str:
        digest = hashlib.sha256()
        received = 0
        request = DownloadMediaRequest(name=self._media.name)
        call = self._stub.DownloadMedia(request, timeout=timeout, metadata=self._calls.metadata())
        with cancelled_at_end(call):
            for piece in call:
                digest.update(piece.data)
                run_blocking(file.write, piece.data)
                received += len(piece.data)
                if self._on_progress:
                    self._on_progress(received, self._media.size_bytes)
        return digest.hexdigest()
