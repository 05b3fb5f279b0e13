"""Jobs about lectures: slides are searched in parts of the film side by side, joined, and written as pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from sightline.common.media.outputs import Outputs
from sightline.common.media.sources import VideoSource
from sightline.common.media.video import VideoInfo
from sightline.common.worker import Handler, Outcome, Task
from sightline.common.worker.child import Nursery
from sightline.extract import messages
from sightline.extract.films import measure, search, write_slides
from sightline.extract.packing import pack, unpack
from sightline.extract.settings import ExtractSettings
from sightline.extract.slides import Showing, Slide, SlideOptions, join_showings, number_slides
from sightline.extract.stages.planning import PICTURES, SLIDES, Span, Wanted, plan, spans
from sightline.v1.extract_pb2 import ExtractSlidesOptions, ExtractSlidesResult
from sightline.v1.job_pb2 import JobResult, JobSpec


class Lectures:
    """The stages of the jobs that look for slides."""

    def __init__(
        self,
        films: VideoSource,
        outputs: Outputs,
        nursery: Nursery,
        settings: ExtractSettings,
    ) -> None:
        """Take what the stages need.

        Args:
            films: where the films come from.
            outputs: keeps what is made.
            nursery: where films are decoded.
            settings: how films are divided, and which are refused.
        """
        self._films = films
        self._outputs = outputs
        self._nursery = nursery
        self._settings = settings.film
        self._limits = settings.media

    def handlers(self) -> Mapping[tuple[str, str], Handler]:
        """Give the handlers by kind and stage."""
        return {
            ("extract_slides", ""): self.plan,
            ("extract_slides", SLIDES): self.slides,
            ("extract_slides", PICTURES): self.pictures,
        }

    async def plan(self, task: Task) -> Outcome:
        """Look at the header of the film, and divide the work."""
        async with self._films.of_task(task.claim) as path:
            info = await self._nursery.run(measure, path, self._limits)
        parts = spans(info.duration_seconds, self._settings.chunk_seconds)
        return Outcome(planned=plan(_wanted(task), parts, pack(info)))

    async def slides(self, task: Task) -> Outcome:
        """Search one part of the film; leaves its showings."""
        span = unpack(Span, task.claim.input or b"")
        limits = (span.start_seconds, span.end_seconds)
        async with self._films.of_task(task.claim) as path:
            found = await self._nursery.run(search, path, _options(task), self._limits, limits, task=task)
        return Outcome(output=found)

    async def pictures(self, task: Task) -> Outcome:
        """Join the parts, and write each slide as a picture; leaves the slides as a message."""
        info = unpack(VideoInfo, task.claim.input or b"")
        slides = await self._joined(task)
        result = ExtractSlidesResult(
            image_size=messages.image_size((info.width_px, info.height_px)),
            duration=messages.duration(info.duration_seconds),
        )
        kind = messages.picture_type(_slides(task).image_format)
        async with self._films.of_task(task.claim) as path:
            with TemporaryDirectory(prefix="sightline-") as folder:
                written = await self._nursery.run(
                    write_slides, path, slides, self._limits, Path(folder), kind, task=task
                )
                for slide, picture in zip(slides, written, strict=True):
                    message = messages.slide_message(slide)
                    message.image_size.CopyFrom(messages.image_size(picture.size_px))
                    file = await self._outputs.keep(
                        task.claim, picture.path.name, kind.content_type, picture.path, size_px=picture.size_px
                    )
                    message.image.CopyFrom(file)
                    result.slides.append(message)
        if _wanted(task).last == PICTURES:
            return Outcome(results=self._results(result))
        return Outcome(output=result.SerializeToString())

    async def _joined(self, task: Task) -> list[Slide]:
        found = [unpack(list[Showing], one.output or b"") for one in await task.needed() if one.stage == SLIDES]
        return await asyncio.to_thread(lambda: number_slides(join_showings(found, _options(task))))

    def _results(self, result: ExtractSlidesResult) -> list[bytes]:
        parts = messages.slide_parts(result, self._settings.result_bytes)
        return [JobResult(extract_slides=part).SerializeToString() for part in parts]


def _slides(task: Task) -> ExtractSlidesOptions:
    return JobSpec.FromString(task.claim.spec).extract_slides


def _options(task: Task) -> SlideOptions:
    return messages.slide_options(_slides(task))


def _wanted(task: Task) -> Wanted:
    return Wanted(pictures=True, text=False, transcript=False, last=PICTURES)
