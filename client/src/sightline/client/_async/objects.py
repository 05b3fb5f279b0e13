"""Objects and segments in one picture, answered at once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from sightline.client._async.calls import AsyncCalls
from sightline.client._async.waiting import run_blocking
from sightline.client.pictures import Picture, image_source
from sightline.v1 import object_service_pb2_grpc
from sightline.v1.model_pb2 import ModelInfo
from sightline.v1.object_pb2 import DetectObjectsOptions, DetectObjectsResult, SegmentOptions, SegmentResult
from sightline.v1.object_service_pb2 import DetectObjectsRequest, ListModelsRequest, SegmentImageRequest

if TYPE_CHECKING:
    from sightline.v1.object_service_pb2_grpc import ObjectServiceAsyncStub


class AsyncObjects:
    """Find and segment objects. For many pictures or for video create jobs instead."""

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls

    @cached_property
    def _stub(self) -> ObjectServiceAsyncStub:
        return object_service_pb2_grpc.ObjectServiceStub(self._calls.channel)

    async def detect(
        self,
        picture: Picture,
        *,
        model: str = "",
        min_score: float | None = None,
        max_overlap: float | None = None,
        classes: Iterable[str] = (),
        max_objects: int = 0,
        image_side_px: int = 0,
        timeout: float | None = None,
    ) -> DetectObjectsResult:
        """Find the objects in a picture.

        Args:
            picture: the path of a file, its bytes, pixels (uint8, height x width x 3, BGR), uploaded media or
                its name.
            model: the name of a model, one of `models`; empty for the default.
            min_score: least score of an object that is returned, 0 to 1; None leaves it to the service.
            max_overlap: greatest overlap (intersection over union) of two objects of one class, 0 to 1.
            classes: names of the classes to return; none means all.
            max_objects: most objects returned, the surest first; 0 leaves it to the service.
            image_side_px: longer side of the picture as the model sees it; 0 means the model's own.
            timeout: how many seconds the call may take; None allows the client's own.

        Returns:
            The objects, the surest first; none is a valid answer.

        Raises:
            MediaRejected: the bytes are no picture that can be analysed.
            InvalidRequest: there is no such model or class; the message names those that there are.
            SightlineError: the call failed.
        """
        image = await run_blocking(image_source, picture)
        options = DetectObjectsOptions(
            model=model,
            min_score=min_score,
            max_overlap=max_overlap,
            classes=classes,
            max_objects=max_objects,
            image_side_px=image_side_px,
        )
        request = DetectObjectsRequest(image=image, options=options)
        return (await self._calls.unary(self._stub.DetectObjects, request, timeout)).result

    async def segment(
        self,
        picture: Picture,
        *,
        model: str = "",
        min_score: float | None = None,
        micrometres_per_px: float | None = None,
        classes: Iterable[str] = (),
        max_segments: int = 0,
        min_diameter_px: float | None = None,
        max_diameter_px: float | None = None,
        masks: bool = True,
        timeout: float | None = None,
    ) -> SegmentResult:
        """Find the outlines, the pixels and the sizes of the objects in a picture.

        Args:
            picture: as in `detect`.
            model: the name of an engine, one of `models` that can `segment`; empty for the default.
            min_score: least score of a segment, 0 to 1, for engines that give one.
            micrometres_per_px: side of a pixel in micrometres; None gives sizes in pixels only.
            classes: names of the classes to return; none means all.
            max_segments: most segments returned, the largest first; 0 means all.
            min_diameter_px: least equivalent diameter in pixels; None leaves it to the engine.
            max_diameter_px: greatest equivalent diameter in pixels; None means no limit.
            masks: whether each segment carries its pixels, which takes space.
            timeout: how many seconds the call may take; None allows the client's own.

        Returns:
            The segments, the largest first; none is a valid answer.

        Raises:
            MediaRejected: the bytes are no picture that can be analysed.
            InvalidRequest: there is no such engine or class; the message names those that there are.
            SightlineError: the call failed.
        """
        image = await run_blocking(image_source, picture)
        options = SegmentOptions(
            model=model,
            min_score=min_score,
            micrometres_per_px=micrometres_per_px,
            classes=classes,
            max_segments=max_segments,
            min_diameter_px=min_diameter_px,
            max_diameter_px=max_diameter_px,
            omit_masks=not masks,
        )
        request = SegmentImageRequest(image=image, options=options)
        return (await self._calls.unary(self._stub.SegmentImage, request, timeout)).result

    async def models(self, *, timeout: float | None = None) -> list[ModelInfo]:
        """List the models and engines that can be asked for, by name, with what each can do and its classes."""
        request = ListModelsRequest()
        found: list[ModelInfo] = []
        while True:
            page = await self._calls.unary(self._stub.ListModels, request, timeout)
            found.extend(page.models)
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return found
