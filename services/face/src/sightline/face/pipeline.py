"""From encoded pictures and films to messages: decodes and analyses on threads, so that the event loop stays free."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from sightline.common.media import decode_image
from sightline.common.media.video import Opening
from sightline.common.settings import MediaLimits
from sightline.common.telemetry import Metrics
from sightline.common.worker import Task
from sightline.common.worker.saving import Saving, keeper_of
from sightline.face import film_messages, messages
from sightline.face.analysis import FaceAnalyzer
from sightline.face.film import FilmAnalyzer
from sightline.v1 import face_pb2, face_service_pb2

T = TypeVar("T")


class FacePipeline:
    """What calls and tasks have in common."""

    def __init__(
        self,
        analyzer: FaceAnalyzer,
        films: FilmAnalyzer,
        opening: Opening,
        limits: MediaLimits,
        *,
        threads: ThreadPoolExecutor,
        film_threads: ThreadPoolExecutor,
        part_bytes: int,
        checkpoint_seconds: float,
        metrics: Metrics,
    ) -> None:
        """Take what does the work.

        Args:
            analyzer: looks at pictures.
            films: looks at films.
            opening: opens films.
            limits: which pictures and films are refused.
            threads: as many as pictures are looked at at once.
            film_threads: as many as films are read at once; they wait for `threads` most of the time.
            part_bytes: largest part of a result.
            checkpoint_seconds: time between two checkpoints of a film.
            metrics: where the time of the models is noted.
        """
        self._analyzer = analyzer
        self._films = films
        self._opening = opening
        self._limits = limits
        self._threads = threads
        self._film_threads = film_threads
        self._part_bytes = part_bytes
        self._checkpoint_seconds = checkpoint_seconds
        self._metrics = metrics

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

    async def detect_in_film(
        self, path: Path, options: face_pb2.DetectFacesOptions, task: Task
    ) -> list[face_pb2.DetectFacesVideoResult]:
        """Find, follow and group the faces of a film.

        Args:
            path: the film.
            options: how faces are found, and how the film is looked at.
            task: whose work it is; it goes on from its checkpoint, and stores further ones.

        Returns:
            One result in parts, in their order.

        Raises:
            MediaRejected: when the film is refused or does not decode.
            InvalidRequest: when options are out of range.
            SightlineError: OVERLOADED when no session comes free in time; LEASE_LOST when the task is lost.
        """
        loop = asyncio.get_running_loop()
        saving = Saving(self._checkpoint_seconds, keeper_of(task, loop))
        return await loop.run_in_executor(self._film_threads, self._detect_in_film, path, options, task, saving)

    async def _on_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _detect(self, data: bytes, options: face_pb2.DetectFacesOptions) -> face_pb2.DetectFacesResult:
        wanted, embeddings = messages.detect_options(options), options.include_embeddings
        image = decode_image(data, self._limits, needed_side_px=self._analyzer.needed_side_px(embeddings=embeddings))
        look = self._analyzer.embed if embeddings else self._analyzer.detect
        with self._noted("embed" if embeddings else "detect"):
            faces = self._analyzer.tell(image, look(image, wanted))
        return messages.detect_result(faces, image, self._analyzer.detector, self._analyzer.embedder)

    def _compare(self, first: bytes, second: bytes, threshold: float | None) -> face_service_pb2.CompareFacesResponse:
        one, other = decode_image(first, self._limits), decode_image(second, self._limits)
        with self._noted("compare"):
            compared = self._analyzer.compare(one, other, threshold)
        return messages.comparison(compared, one, other, self._analyzer.embedder)

    def _detect_in_film(
        self, path: Path, options: face_pb2.DetectFacesOptions, task: Task, saving: Saving
    ) -> list[face_pb2.DetectFacesVideoResult]:
        wanted, film = messages.detect_options(options), film_messages.film_options(options.video)
        opened = self._opening(path, self._limits, lambda: not task.abandoned)
        with opened as video, self._noted("film"):
            report = self._films.analyse(
                video, wanted, film, earlier=task.claim.checkpoint, on_progress=task.advance, save=saving.save_if_due
            )
        return film_messages.parts(
            report,
            self._analyzer.detector,
            self._analyzer.embedder,
            embeddings=options.include_embeddings,
            most_bytes=self._part_bytes,
        )

    def _noted(self, operation: str) -> AbstractContextManager[None]:
        return self._metrics.model_run(self._analyzer.detector.name, operation)
