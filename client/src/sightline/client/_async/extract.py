"""Text in one picture and facts about a file, answered at once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sightline.client._async.calls import AsyncCalls
from sightline.client._async.waiting import run_blocking
from sightline.client.names import media_name
from sightline.client.pictures import Picture, image_source
from sightline.v1 import extract_service_pb2_grpc
from sightline.v1.extract_pb2 import ExtractTextOptions, ExtractTextResult
from sightline.v1.extract_service_pb2 import ExtractTextRequest, ProbeMediaRequest, ProbeMediaResponse
from sightline.v1.media_pb2 import Media

if TYPE_CHECKING:
    from sightline.v1.extract_service_pb2_grpc import ExtractServiceAsyncStub


class AsyncExtract:
    """Read pictures, and look into files. For video create jobs instead."""

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls

    @cached_property
    def _stub(self) -> ExtractServiceAsyncStub:
        return extract_service_pb2_grpc.ExtractServiceStub(self._calls.channel)

    async def text(
        self, picture: Picture, *, min_score: float | None = None, timeout: float | None = None
    ) -> ExtractTextResult:
        """Read the text in a picture.

        Args:
            picture: the path of a file, its bytes, pixels (uint8, height x width x 3, BGR), uploaded media or
                its name.
            min_score: least confidence of a line that is returned, 0 to 1; None leaves it to the service.
            timeout: how many seconds the call may take; None allows the client's own.

        Returns:
            The lines, in reading order; none is a valid answer.

        Raises:
            MediaRejected: the bytes are no picture that can be read.
            SightlineError: the call failed.
        """
        image = await run_blocking(image_source, picture)
        request = ExtractTextRequest(image=image, options=ExtractTextOptions(min_score=min_score))
        return (await self._calls.unary(self._stub.ExtractText, request, timeout)).result

    async def probe(self, media: Media | str, *, timeout: float | None = None) -> ProbeMediaResponse:
        """Say what an uploaded file holds: how long it plays, its streams and codecs.

        Raises:
            MediaRejected: it is damaged, or of no accepted kind.
            NotFound: it does not exist for this key.
        """
        request = ProbeMediaRequest(name=media_name(media))
        return await self._calls.unary(self._stub.ProbeMedia, request, timeout)
