"""From encoded pictures to messages: decodes and analyses on threads, so that the event loop stays free."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sightline.common.media import decode_image
from sightline.common.settings import MediaLimits
from sightline.common.telemetry import Metrics
from sightline.object import messages
from sightline.object.analysis import ObjectAnalyzer
from sightline.object.identity import ModelIdentity
from sightline.v1 import object_pb2

T = TypeVar("T")


class ObjectPipeline:
    """What calls and tasks have in common."""

    def __init__(
        self, analyzer: ObjectAnalyzer, limits: MediaLimits, threads: ThreadPoolExecutor, metrics: Metrics
    ) -> None:
        self._analyzer = analyzer
        self._limits = limits
        self._threads = threads
        self._seconds = metrics.model_seconds

    def models(self) -> Sequence[ModelIdentity]:
        """List the models and engines that can be asked for, by name."""
        return self._analyzer.models()

    async def detect(self, data: bytes, options: object_pb2.DetectObjectsOptions) -> object_pb2.DetectObjectsResult:
        """Find the objects in an encoded picture.

        Raises:
            MediaRejected: when the picture is refused or does not decode.
            InvalidRequest: an unknown model or class, or an image size that the model does not take.
            SightlineError: OVERLOADED when no session comes free in time.
        """
        return await self._on_thread(self._detect, data, options)

    async def segment(self, data: bytes, options: object_pb2.SegmentOptions) -> object_pb2.SegmentResult:
        """Find the outlines and sizes of the objects in an encoded picture.

        Raises:
            MediaRejected: when the picture is refused or does not decode.
            InvalidRequest: an unknown engine or class.
            SightlineError: OVERLOADED when no session comes free in time.
        """
        return await self._on_thread(self._segment, data, options)

    async def _on_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _detect(self, data: bytes, options: object_pb2.DetectObjectsOptions) -> object_pb2.DetectObjectsResult:
        wanted = messages.detect_options(options)
        model = self._analyzer.detector(wanted.model).identity
        image = decode_image(data, self._limits)
        with self._noted(model, "detect"):
            objects = self._analyzer.detect(image, wanted)
        return messages.detect_result(objects, image, model)

    def _segment(self, data: bytes, options: object_pb2.SegmentOptions) -> object_pb2.SegmentResult:
        wanted = messages.segment_options(options)
        model = self._analyzer.engine(wanted.model).identity
        image = decode_image(data, self._limits)
        with self._noted(model, "segment"):
            segments = self._analyzer.segment(image, wanted)
        return messages.segment_result(segments, image, model, wanted.micrometres_per_px)

    @contextmanager
    def _noted(self, model: ModelIdentity, operation: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self._seconds.labels(model.name, operation).observe(time.perf_counter() - began)
