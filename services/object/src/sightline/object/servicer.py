"""ObjectService: objects and segments in one picture, answered at once."""

from __future__ import annotations

from sightline.common.errors import InvalidRequest, Reason
from sightline.common.media.sources import PictureSource
from sightline.common.rpc import Context, current_identity
from sightline.object import messages
from sightline.object.pipeline import ObjectPipeline
from sightline.v1 import object_service_pb2_grpc
from sightline.v1.object_service_pb2 import (
    DetectObjectsRequest,
    DetectObjectsResponse,
    ListModelsRequest,
    ListModelsResponse,
    SegmentImageRequest,
    SegmentImageResponse,
)

_PAGE, _PAGE_MAX = 100, 1000


class ObjectServicer(object_service_pb2_grpc.ObjectServiceServicer):
    """Translates calls for the pipeline; errors are mapped by the chain around it."""

    def __init__(self, pipeline: ObjectPipeline, pictures: PictureSource) -> None:
        self._pipeline = pipeline
        self._pictures = pictures

    async def DetectObjects(  # noqa: N802
        self, request: DetectObjectsRequest, context: Context
    ) -> DetectObjectsResponse:
        """Find the objects in a picture."""
        data = await self._pictures.of_call(request.image, current_identity().tenant)
        return DetectObjectsResponse(result=await self._pipeline.detect(data, request.options))

    async def SegmentImage(self, request: SegmentImageRequest, context: Context) -> SegmentImageResponse:  # noqa: N802
        """Find the outlines and sizes of the objects in a picture."""
        data = await self._pictures.of_call(request.image, current_identity().tenant)
        return SegmentImageResponse(result=await self._pipeline.segment(data, request.options))

    async def ListModels(self, request: ListModelsRequest, context: Context) -> ListModelsResponse:  # noqa: N802
        """List the models that can be asked for, by name; a page token is the name that comes before the page."""
        known = self._pipeline.models()
        if request.page_token and request.page_token not in {model.name for model in known}:
            raise InvalidRequest("the page token is not from this list", reason=Reason.INVALID_PAGE_TOKEN)
        models = [model for model in known if model.name > request.page_token]
        size = min(request.page_size or _PAGE, _PAGE_MAX)
        page = models[:size]
        return ListModelsResponse(
            models=[messages.model_listing(model) for model in page],
            next_page_token=page[-1].name if len(models) > size else "",
        )
