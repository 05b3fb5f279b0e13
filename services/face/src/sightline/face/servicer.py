"""FaceService: faces in one picture, answered at once."""

from __future__ import annotations

from sightline.common.media.sources import PictureSource
from sightline.common.rpc import Context, current_identity
from sightline.face.pipeline import FacePipeline
from sightline.v1 import face_pb2, face_service_pb2_grpc
from sightline.v1.face_service_pb2 import (
    CompareFacesRequest,
    CompareFacesResponse,
    DetectFacesRequest,
    DetectFacesResponse,
    EmbedFacesRequest,
    EmbedFacesResponse,
)


class FaceServicer(face_service_pb2_grpc.FaceServiceServicer):
    """Translates calls for the pipeline; errors are mapped by the chain around it."""

    def __init__(self, pipeline: FacePipeline, pictures: PictureSource) -> None:
        self._pipeline = pipeline
        self._pictures = pictures

    async def DetectFaces(self, request: DetectFacesRequest, context: Context) -> DetectFacesResponse:  # noqa: N802
        """Find the faces in a picture."""
        data = await self._pictures.of_call(request.image, current_identity().tenant)
        return DetectFacesResponse(result=await self._pipeline.detect(data, request.options))

    async def EmbedFaces(self, request: EmbedFacesRequest, context: Context) -> EmbedFacesResponse:  # noqa: N802
        """Find the faces in a picture and embed each."""
        data = await self._pictures.of_call(request.image, current_identity().tenant)
        options = face_pb2.DetectFacesOptions()
        options.CopyFrom(request.options)
        options.include_embeddings = True
        return EmbedFacesResponse(result=await self._pipeline.detect(data, options))

    async def CompareFaces(self, request: CompareFacesRequest, context: Context) -> CompareFacesResponse:  # noqa: N802
        """Compare the largest faces of two pictures."""
        tenant = current_identity().tenant
        first = await self._pictures.of_call(request.first, tenant)
        second = await self._pictures.of_call(request.second, tenant)
        return await self._pipeline.compare(first, second, request.threshold if request.HasField("threshold") else None)
