"""From encoded pictures to messages: decodes and analyses on threads, so that the event loop stays free."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sightline.common.media import decode_image
from sightline.common.settings import MediaLimits
from sightline.common.telemetry import Metrics
from sightline.face import messages
from sightline.face.analysis import FaceAnalyzer
from sightline.v1 import face_pb2, face_service_pb2

T = TypeVar("T")


class FacePipeline:
    """What calls and tasks have in common."""

    def __init__(
        self, analyzer: FaceAnalyzer, limits: MediaLimits, threads: ThreadPoolExecutor, metrics: Metrics
    ) -> None:
        self._analyzer = analyzer
        self._limits = limits
        self._threads = threads
        self._seconds = metrics.model_seconds

    async def detect(self, data: bytes, options: face_pb2.DetectFacesOptions) -> face_pb2.DetectFacesResult:
        """Find the faces in an encoded picture, with embeddings where the options want them.

        Raises:
            MediaRejected: when the picture is refused or does not decode.
            SightlineError: OVERLOADED when no session comes free in time.
        """
        return await self._on_thread(self._detect, data, options)

    async def compare(
        self, first: bytes, second: bytes, threshold: float | None
    ) -> face_service_pb2.CompareFacesResponse:
        """Compare the largest faces of two encoded pictures.

        Raises:
            MediaRejected: as `detect`, and FACE_NOT_FOUND when a picture shows no face.
        """
        return await self._on_thread(self._compare, first, second, threshold)

    async def _on_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _detect(self, data: bytes, options: face_pb2.DetectFacesOptions) -> face_pb2.DetectFacesResult:
        wanted, embeddings = messages.detect_options(options), options.include_embeddings
        image = decode_image(data, self._limits, needed_side_px=self._analyzer.needed_side_px(embeddings=embeddings))
        began = time.perf_counter()
        look = self._analyzer.embed if embeddings else self._analyzer.detect
        faces = look(image, wanted)
        self._note("embed" if embeddings else "detect", began)
        return messages.detect_result(faces, image, self._analyzer.detector, self._analyzer.embedder)

    def _compare(self, first: bytes, second: bytes, threshold: float | None) -> face_service_pb2.CompareFacesResponse:
        one, other = decode_image(first, self._limits), decode_image(second, self._limits)
        began = time.perf_counter()
        compared = self._analyzer.compare(one, other, threshold)
        self._note("compare", began)
        return messages.comparison(compared, one, other, self._analyzer.embedder)

    def _note(self, operation: str, began: float) -> None:
        self._seconds.labels(self._analyzer.detector.name, operation).observe(time.perf_counter() - began)
