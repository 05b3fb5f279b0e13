"""The files that are analysed."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sightline.client._async.calls import AsyncCalls
from sightline.client._async.downloads import AsyncDownloading
from sightline.client._async.uploads import AsyncUploading
from sightline.client._async.waiting import run_blocking
from sightline.client.content import Content, FileLike, Progress
from sightline.client.errors import NotFound
from sightline.client.names import media_name
from sightline.v1 import media_service_pb2_grpc
from sightline.v1.media_pb2 import Media
from sightline.v1.media_service_pb2 import (
    DeleteMediaRequest,
    GetMediaRequest,
    ImportMediaRequest,
    ListMediaRequest,
    UploadMediaRequest,
)

if TYPE_CHECKING:
    from sightline.v1.media_service_pb2_grpc import MediaServiceAsyncStub


class AsyncMediaStore:
    """Upload, look at, download and delete files."""

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls

    @cached_property
    def _stub(self) -> MediaServiceAsyncStub:
        return media_service_pb2_grpc.MediaServiceStub(self._calls.channel)

    async def upload(
        self,
        source: FileLike,
        *,
        name: str | None = None,
        upload_id: str | None = None,
        on_progress: Progress | None = None,
        timeout: float | None = None,
    ) -> Media:
        """Store a file; goes on by itself where a lost connection broke it off.

        Args:
            source: the path of a file, its bytes, or a file that was opened to read bytes.
            name: what the file is called; None means as it is called where it comes from.
            upload_id: a UUID of your own, so that another process can go on with the upload by giving the same.
            on_progress: is told how many bytes of how many were sent, in any thread.
            timeout: how many seconds it may take; None allows as long as it takes.

        Raises:
            OSError: the file can't be read.
            SightlineError: the upload failed for good.
        """
        with await run_blocking(Content, source) as content:
            first = UploadMediaRequest(
                display_name=(content.name if name is None else name),
                sha256=await run_blocking(content.sha256),
                upload_id=upload_id or str(uuid.uuid4()),
                size_bytes=content.size_bytes,
            )
            uploading = AsyncUploading(self._calls, self._stub, content, first, on_progress)
            if upload_id is not None:
                await uploading.find_place()
            return await uploading.run(timeout)

    async def import_url(self, url: str, *, name: str = "", timeout: float | None = None) -> Media:
        """Have the server fetch a file from a public address; tried once, since a repeat would store it twice.

        Args:
            url: http or https, of a public host.
            name: what the file is called.
            timeout: how many seconds the call may take; None allows the client's own.
        """
        request = ImportMediaRequest(uri=url, display_name=name)
        return await self._calls.once(self._stub.ImportMedia, request, timeout)

    async def get(self, media: Media | str, *, timeout: float | None = None) -> Media:
        """Get what is known of a file.

        Raises:
            NotFound: it does not exist for this key.
        """
        return await self._calls.unary(self._stub.GetMedia, GetMediaRequest(name=media_name(media)), timeout)

    async def list(self, *, page_size: int = 0, timeout: float | None = None) -> AsyncIterator[Media]:
        """Go through all files, the newest first; pages are fetched as they are needed."""
        request = ListMediaRequest(page_size=page_size)
        while True:
            page = await self._calls.unary(self._stub.ListMedia, request, timeout)
            for media in page.media:
                yield media
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return

    async def download(
        self,
        media: Media | str,
        to: str | os.PathLike[str],
        *,
        on_progress: Progress | None = None,
        timeout: float | None = None,
    ) -> Path:
        """Write the bytes of a file to `to`, whole and checked against its SHA-256, or not at all.

        Args:
            media: the media or its name.
            to: the path of the file to write; one that exists is replaced.
            on_progress: is told how many bytes of how many have come.
            timeout: how many seconds it may take; None allows as long as it takes.

        Raises:
            NotFound: it does not exist for this key.
            ServerFault: the bytes differ from what was uploaded.
            OSError: the file can't be written.
        """
        known = await self.get(media)
        return await AsyncDownloading(self._calls, self._stub, known, on_progress).run(Path(to), timeout)

    async def delete(self, media: Media | str, *, timeout: float | None = None) -> None:
        """Delete a file; jobs that have not read it yet fail.

        Raises:
            NotFound: it does not exist for this key.
        """
        try:
            await self._calls.unary(self._stub.DeleteMedia, DeleteMediaRequest(name=media_name(media)), timeout)
        except NotFound as error:
            # An earlier attempt whose answer was lost has done it.
            if error.attempts == 1:
                raise
