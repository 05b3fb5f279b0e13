"""The stages that read slides, and make of their text the results of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from sightline.common.media.outputs import Outputs
from sightline.common.media.sources import VideoSource
from sightline.common.state.graphs import Output
from sightline.common.worker import Handler, Outcome, Task
from sightline.common.worker.child import Nursery
from sightline.extract import messages
from sightline.extract.films import write_slides
from sightline.extract.packing import pack, unpack
from sightline.extract.pictures import PictureType
from sightline.extract.reading import PictureText
from sightline.extract.settings import ExtractSettings
from sightline.extract.slides.slide import WHOLE
from sightline.extract.stages.asked import slides_asked
from sightline.extract.stages.lectures import film_facts, joined
from sightline.extract.stages.planning import PICTURES, RESULT, TEXT, Share
from sightline.extract.text import Page, Run, describe, merge
from sightline.v1.extract_pb2 import ExtractSlidesResult, ExtractTextVideoResult
from sightline.v1.job_pb2 import JobResult, JobSpec

T = TypeVar("T")


class Texts:
    """The stages of the jobs that read what slides say."""

    def __init__(
        self,
        text: PictureText,
        films: VideoSource,
        outputs: Outputs,
        nursery: Nursery,
        *,
        settings: ExtractSettings,
    ) -> None:
        """Take what the stages need.

        Args:
            text: reads pictures.
            films: where the films come from.
            outputs: the pictures that an earlier stage has made.
            nursery: where films are decoded.
            settings: how large results may be, which films are refused, and how many pictures are read at once.
        """
        self._text = text
        self._films = films
        self._outputs = outputs
        self._nursery = nursery
        self._limits = settings.media
        self._result_bytes = settings.film.result_bytes
        self._at_once = settings.text.sessions

    def handlers(self) -> Mapping[tuple[str, str], Handler]:
        """Give the handlers by kind and stage."""
        return {
            ("extract_slides", TEXT): self.of_pictures,
            ("make_document", TEXT): self.of_pictures,
            ("extract_slides", RESULT): self.slides_result,
            ("extract_text", TEXT): self.of_film,
            ("extract_text", RESULT): self.film_result,
        }

    async def of_pictures(self, task: Task) -> Outcome:
        """Read a share of the slides from their pictures; leaves a page for each."""
        slides = slides_left(await task.needed()).slides
        mine = slides[unpack(Share, task.claim.input or b"").of(len(slides))]

        async def read(index: int) -> Page:
            return await self._text.page(await self._outputs.read(task.claim, mine[index].image))

        return Outcome(output=pack(await self._all(task, len(mine), read)))

    async def of_film(self, task: Task) -> Outcome:
        """Read a share of what a film shows, from the film itself; leaves a page for each."""
        shown = [replace(slide, region=WHOLE) for slide in await joined(task)]
        mine = shown[unpack(Share, task.claim.input or b"").of(len(shown))]
        options = JobSpec.FromString(task.claim.spec).extract_text
        least = options.min_score if options.HasField("min_score") else None
        with TemporaryDirectory(prefix="sightline-") as folder:
            async with self._films.of_task(task.claim) as path:
                written = await self._nursery.run(
                    write_slides, path, mine, self._limits, Path(folder), PictureType.PNG, progress=_part(task, 0, 0.5)
                )

            async def read(index: int) -> Page:
                return await self._text.page(await asyncio.to_thread(written[index].path.read_bytes), least)

            return Outcome(output=pack(await self._all(task, len(mine), read, done=0.5)))

    async def slides_result(self, task: Task) -> Outcome:
        """Say of each slide what it says and is about."""
        result = await self.described(task)
        return Outcome(results=messages.slides_results(result, self._result_bytes))

    async def film_result(self, task: Task) -> Outcome:
        """Say what was shown when; the same text shown again in a row is said once."""
        slides, pages = await joined(task), pages_left(await task.needed())
        facts = film_facts(task, slides)
        result = ExtractTextVideoResult(image_size=facts.image_size, duration=facts.duration, model=self._text.model)
        for run in await asyncio.to_thread(merge, pages):
            if pages[run.kept].lines:
                ranges = [span for slide in slides[run.first : run.last + 1] for span in slide.ranges]
                result.texts.append(messages.shown_text(ranges, pages[run.kept]))
        return Outcome(results=[JobResult(extract_text_video=result).SerializeToString()])

    async def described(self, task: Task) -> ExtractSlidesResult:
        """Put pictures and text together, and make one of slides in a row that their text shows to be one."""
        left = await task.needed()
        result, pages = slides_left(left), pages_left(left)
        builds = slides_asked(task).keep_builds
        runs = [Run(at, at, at) for at in range(len(pages))] if builds else await asyncio.to_thread(merge, pages)
        merged = messages.merged_slides(result.slides, runs)
        kept = {slide.image.media for slide in merged}
        await self._outputs.drop(task.claim, [one.image for one in result.slides if one.image.media not in kept])
        kept_pages = [pages[run.kept] for run in runs]
        for slide, page, about in zip(merged, kept_pages, await asyncio.to_thread(describe, kept_pages), strict=True):
            messages.add_text(slide, page, about)
        del result.slides[:]
        result.slides.extend(merged)
        result.text_model.CopyFrom(self._text.model)
        return result

    async def _all(self, task: Task, count: int, work: Callable[[int], Awaitable[T]], *, done: float = 0.0) -> list[T]:
        """Do the work for each index, a few at once so that few pictures are in memory."""
        slots, ended = asyncio.Semaphore(self._at_once), 0

        async def one(index: int) -> T:
            nonlocal ended
            async with slots:
                result = await work(index)
            ended += 1
            task.advance(done + (1 - done) * ended / count)
            return result

        tasks = [asyncio.ensure_future(one(index)) for index in range(count)]
        try:
            return await asyncio.gather(*tasks)
        finally:
            # No task group: it would wrap the reason of a failure, which the worker reads.
            for other in tasks:
                other.cancel()


def slides_left(left: Sequence[Output]) -> ExtractSlidesResult:
    """Give the slides that the stage of pictures left."""
    (serialised,) = [one.output or b"" for one in left if one.stage == PICTURES]
    return ExtractSlidesResult.FromString(serialised)


def pages_left(left: Sequence[Output]) -> list[Page]:
    """Give the pages that the shares of the text left, in the order of the slides."""
    return [page for one in left if one.stage == TEXT for page in unpack(list[Page], one.output or b"")]


def _part(task: Task, start: float, end: float) -> Callable[[float], None]:
    """Tell the task's progress by that of a part of its work."""
    return lambda share: task.advance(start + (end - start) * share)
