"""From encoded pictures to their text: decoded and read on threads, so that the event loop stays free."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from sightline.common.media import Image, decode_image
from sightline.common.media.saying import image_size, model_info
from sightline.common.models.catalogue import ModelEntry
from sightline.common.settings import MediaLimits
from sightline.common.telemetry import Metrics
from sightline.extract import messages
from sightline.extract.text import Line, Page, TextReader, look_at
from sightline.v1.extract_pb2 import ExtractTextOptions, ExtractTextResult


class PictureText:
    """What calls and tasks have in common."""

    def __init__(
        self,
        reader: TextReader,
        model: ModelEntry,
        limits: MediaLimits,
        *,
        threads: ThreadPoolExecutor,
        metrics: Metrics,
    ) -> None:
        """Take what does the work.

        Args:
            reader: reads pictures.
            model: what it reads letters with.
            limits: which pictures are refused.
            threads: as many as pictures are read at once.
            metrics: where the time of the model is noted.
        """
        self._reader = reader
        self._limits = limits
        self._threads = threads
        self._seconds = metrics.model_seconds.labels(model.name, "text")
        self.model = model_info(model)

    async def result(self, data: bytes, options: ExtractTextOptions) -> ExtractTextResult:
        """Read an encoded picture.

        Raises:
            MediaRejected: when the picture is refused or does not decode.
            SightlineError: OVERLOADED when no session comes free in time.
        """
        min_score = options.min_score if options.HasField("min_score") else None
        image, lines = await self.read(data, min_score)
        size = (image.width_px, image.height_px)
        return ExtractTextResult(
            lines=[messages.text_line(line, size) for line in lines],
            image_size=image_size(size),
            model=self.model,
        )

    async def read(self, data: bytes, min_score: float | None = None) -> tuple[Image, list[Line]]:
        """Decode and read an encoded picture; as `result`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, data, min_score)

    async def page(self, data: bytes, min_score: float | None = None) -> Page:
        """Decode and read an encoded picture, and keep of it what tells what it is about; as `result`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._page, data, min_score)

    def _page(self, data: bytes, min_score: float | None) -> Page:
        image, lines = self._read(data, min_score)
        return look_at(image.pixels, lines)

    def _read(self, data: bytes, min_score: float | None) -> tuple[Image, list[Line]]:
        image = decode_image(data, self._limits)
        began = time.perf_counter()
        lines = self._reader.read(image.pixels, min_score)
        self._seconds.observe(time.perf_counter() - began)
        return image, lines
