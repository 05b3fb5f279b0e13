"""From encoded pictures and films to messages: decodes and analyses on threads, so that the event loop stays free."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from sightline.common.media import decode_image
from sightline.common.media.looking import CheckpointUnknownError
from sightline.common.media.video import Opening
from sightline.common.settings import MediaLimits
from sightline.common.telemetry import Metrics
from sightline.common.worker import Task
from sightline.common.worker.saving import Saving, keeper_of
from sightline.object import film_messages, messages
from sightline.object.analysis import ObjectAnalyzer
from sightline.object.film import FilmAnalyzer
from sightline.object.identity import ModelIdentity
from sightline.v1 import object_pb2

T = TypeVar("T")

log = structlog.get_logger()


class ObjectPipeline:
    """What calls and tasks have in common."""

    def __init__(
        self,
        analyzer: ObjectAnalyzer,
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

    async def detect_in_film(
        self, path: Path, options: object_pb2.DetectObjectsOptions, task: Task
    ) -> list[object_pb2.DetectObjectsVideoResult]:
        """Find and follow the objects of a film, and count them.

        Args:
            path: the film.
            options: how objects are found, and how the film is looked at.
            task: whose work it is; it goes on from its checkpoint, and stores further ones.

        Returns:
            One result in parts, in their order.

        Raises:
            MediaRejected: when the film is refused or does not decode.
            InvalidRequest: an unknown model or class, or options that are out of range.
            SightlineError: OVERLOADED when no session comes free in time; LEASE_LOST when the task is not ours.
        """
        loop = asyncio.get_running_loop()
        saving = Saving(self._checkpoint_seconds, keeper_of(task, loop))
        return await loop.run_in_executor(self._film_threads, self._detect_in_film, path, options, task, saving)

    async def _on_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _detect(self, data: bytes, options: object_pb2.DetectObjectsOptions) -> object_pb2.DetectObjectsResult:
        wanted = messages.detect_options(options)
        model = self._analyzer.detector(wanted.model).identity
        image = decode_image(data, self._limits)
        with self._metrics.model_run(model.name, "detect"):
            objects = self._analyzer.detect(image, wanted)
        return messages.detect_result(objects, image, model)

    def _segment(self, data: bytes, options: object_pb2.SegmentOptions) -> object_pb2.SegmentResult:
        wanted = messages.segment_options(options)
        model = self._analyzer.engine(wanted.model).identity
        image = decode_image(data, self._limits)
        with self._metrics.model_run(model.name, "segment"):
            segments = self._analyzer.segment(image, wanted)
        return messages.segment_result(segments, image, model, wanted.micrometres_per_px)

    def _detect_in_film(
        self, path: Path, options: object_pb2.DetectObjectsOptions, task: Task, saving: Saving
    ) -> list[object_pb2.DetectObjectsVideoResult]:
        wanted, film = messages.detect_options(options), film_messages.film_options(options.video)
        detector = self._analyzer.detector(wanted.model)
        opened = self._opening(path, self._limits, lambda: not task.abandoned)
        with opened as video, self._metrics.model_run(detector.identity.name, "film"):
            size = (video.info.width_px, video.info.height_px)
            told = film_messages.ToldFrames(size, wanted=options.video.include_frames)
            look = partial(
                self._films.analyse,
                video,
                detector,
                wanted,
                film,
                on_frame=told.take,
                on_progress=task.advance,
                save=lambda state: saving.save_if_due(lambda: told.pack(state())) if told.fit else None,
            )
            earlier = task.claim.checkpoint
            try:
                report = look(earlier=None if earlier is None else told.unpack(earlier))
            except CheckpointUnknownError as error:
                log.warning("film_begins_anew", task=str(task.claim.task_id), reason=str(error))
                told.clear()
                report = look()
        return film_messages.parts(report, detector.identity, told.all(), self._part_bytes)
