"""ExtractService: the text of one picture and facts about a file, answered at once."""

from __future__ import annotations

from sightline.common.blobs import BlobStore
from sightline.common.media import PROBE_BYTES, probe_image
from sightline.common.media.sources import PictureSource, VideoSource, media_id
from sightline.common.rpc import Context, current_identity
from sightline.common.settings import MediaLimits
from sightline.common.state.media import Media, MediaFiles
from sightline.common.worker.child import Nursery
from sightline.extract import messages
from sightline.extract.probing import probe
from sightline.extract.reading import PictureText
from sightline.v1 import extract_service_pb2_grpc
from sightline.v1.extract_service_pb2 import (
    ExtractTextRequest,
    ExtractTextResponse,
    ProbeMediaRequest,
    ProbeMediaResponse,
)


class Prober:
    """Says what a file holds; the bytes of strangers are only parsed in a child process."""

    def __init__(self, blobs: BlobStore, films: VideoSource, nursery: Nursery, limits: MediaLimits) -> None:
        self._blobs = blobs
        self._films = films
        self._nursery = nursery
        self._limits = limits

    async def facts(self, media: Media) -> ProbeMediaResponse:
        """Read the header of a file.

        Raises:
            MediaRejected: it is of no known kind, or damaged.
        """
        if media.content_type.startswith("image/"):
            info = probe_image(await self._blobs.get_range(media.blob_key, 0, PROBE_BYTES))
            return messages.picture_facts(info)
        async with self._films.of_media(media) as path:
            return messages.media_facts(await self._nursery.run(probe, path, self._limits))


class ExtractServicer(extract_service_pb2_grpc.ExtractServiceServicer):
    """Translates calls for the analysis; errors are mapped by the chain around it."""

    def __init__(self, text: PictureText, pictures: PictureSource, files: MediaFiles, prober: Prober) -> None:
        self._text = text
        self._pictures = pictures
        self._files = files
        self._prober = prober

    async def ExtractText(self, request: ExtractTextRequest, context: Context) -> ExtractTextResponse:  # noqa: N802
        """Read the text in a picture."""
        data = await self._pictures.of_call(request.image, current_identity().tenant)
        return ExtractTextResponse(result=await self._text.result(data, request.options))

    async def ProbeMedia(self, request: ProbeMediaRequest, context: Context) -> ProbeMediaResponse:  # noqa: N802
        """Say what a file holds: duration, streams, codecs."""
        media = await self._files.get(current_identity().tenant, media_id(request.name))
        return await self._prober.facts(media)
