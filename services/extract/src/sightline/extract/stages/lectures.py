"""The stages that look for slides: parts of the film are searched side by side, joined, and written as pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from sightline.common.media.outputs import Outputs
from sightline.common.media.saying import duration, image_size
from sightline.common.media.sources import VideoSource
from sightline.common.media.video import VideoInfo
from sightline.common.worker import Handler, Outcome, Task
from sightline.common.worker.child import Nursery
from sightline.extract import messages
from sightline.extract.films import measure, search, write_slides
from sightline.extract.packing import pack, unpack
from sightline.extract.settings import ExtractSettings
from sightline.extract.slides import Showing, Slide, join_showings, number_slides
from sightline.extract.stages.asked import slides_asked, wanted
from sightline.extract.stages.planning import PICTURES, SLIDES, Span, plan, spans
from sightline.v1.extract_pb2 import ExtractSlidesResult

KINDS = ("extract_slides", "extract_text", "make_document")


class Lectures:
    """The stages of the jobs that look for slides, up to their pictures."""

    def __init__(self, films: VideoSource, outputs: Outputs, nursery: Nursery, settings: ExtractSettings) -> None:
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
        planning: dict[tuple[str, str], Handler] = {(kind, ""): self.plan for kind in KINDS}
        searching: dict[tuple[str, str], Handler] = {(kind, SLIDES): self.slides for kind in KINDS}
        return planning | searching | {(kind, PICTURES): self.pictures for kind in ("extract_slides", "make_document")}

    async def plan(self, task: Task) -> Outcome:
        """Look at the header of the film, and divide the work."""
        async with self._films.of_task(task.claim) as path:
            info = await self._nursery.run(measure, path, self._limits)
        parts = spans(info.duration_seconds, self._settings.chunk_seconds)
        return Outcome(planned=plan(wanted(task), parts, pack(info)))

    async def slides(self, task: Task) -> Outcome:
        """Search one part of the film; leaves its showings."""
        span = unpack(Span, task.claim.input or b"")
        limits = (span.start_seconds, span.end_seconds)
        options = messages.slide_options(slides_asked(task))
        async with self._films.of_task(task.claim) as path:
            return Outcome(output=await self._nursery.run(search, path, options, self._limits, limits, task=task))

    async def pictures(self, task: Task) -> Outcome:
        """Join the parts, and write each slide as a picture; leaves the slides as a message."""
        slides = await joined(task)
        result = film_facts(task, slides)
        kind = messages.picture_type(slides_asked(task).image_format)
        with TemporaryDirectory(prefix="sightline-") as folder:
            async with self._films.of_task(task.claim) as path:
                written = await self._nursery.run(
                    write_slides, path, slides, self._limits, Path(folder), kind, task=task
                )
            for slide, picture in zip(slides, written, strict=True):
                file = await self._outputs.keep(
                    task.claim, picture.path.name, kind.content_type, picture.path, size_px=picture.size_px
                )
                result.slides.append(messages.slide_message(slide, file, picture.size_px))
        if wanted(task).last == PICTURES:
            return Outcome(results=messages.slides_results(result, self._settings.result_bytes))
        return Outcome(output=result.SerializeToString())


async def joined(task: Task) -> list[Slide]:
    """Join what the searches left into the slides of the whole film."""
    found = [unpack(list[Showing], one.output or b"") for one in await task.needed() if one.stage == SLIDES]
    options = messages.slide_options(slides_asked(task))
    return await asyncio.to_thread(lambda: number_slides(join_showings(found, options)))


def film_facts(task: Task, slides: Sequence[Slide]) -> ExtractSlidesResult:
    """Begin a result with what the plan knew of the film, and what its slides tell of its length.

    What a browser records does not say how long it is, and other headers say too little.
    """
    info = unpack(VideoInfo, task.claim.input or b"")
    seconds = max([info.duration_seconds, *(end for slide in slides for _, end in slide.ranges)])
    return ExtractSlidesResult(
        image_size=image_size((info.width_px, info.height_px)),
        duration=duration(seconds),
    )
