"""Films that go through a model: from where an earlier attempt broke off, several frames at once, in their order."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from sightline.common.errors import FieldViolation
from sightline.common.media.image import Image, ImageFormat
from sightline.common.media.video import Film, Frame, VideoInfo

T = TypeVar("T")

APART_SECONDS = 1.0
"""Frames that are so far apart, or further, are pictures of their own: what is in one of them only counts."""

# Where frames have no regular distance, the next one after a given one is at least so much later.
_NEXT_SECONDS = 2e-3


class CheckpointUnknownError(ValueError):
    """A checkpoint that can't be gone on from: it is damaged, or of another version or other models."""


@dataclass(frozen=True, slots=True)
class Raster:
    """Which frames of a film are looked at.

    Attributes:
        every_seconds: time between two of them; 0 for every frame.
        start_seconds: where to begin.
        end_seconds: where to end; infinity for the end of the film.
    """

    every_seconds: float
    start_seconds: float
    end_seconds: float

    def share(self, seconds: float, length_seconds: float) -> float:
        """Say how much is done at a time, 0 to 1; a film of unknown length has a length of 0."""
        last_seconds = min(self.end_seconds, length_seconds or math.inf)
        if seconds >= last_seconds:
            return 1.0  # the film is longer than its header says
        return max(0.0, (seconds - self.start_seconds) / (last_seconds - self.start_seconds))

    def after(self, done_seconds: float) -> float:
        """Say when the frame after a given one is wanted; below 0 nothing was looked at yet."""
        if done_seconds < 0:
            return self.start_seconds
        if self.every_seconds <= 0:
            return done_seconds + _NEXT_SECONDS
        # On the raster of a film that is read without a break.
        steps = math.floor((done_seconds - self.start_seconds + _NEXT_SECONDS / 2) / self.every_seconds) + 1
        return self.start_seconds + steps * self.every_seconds


def spacing_seconds(info: VideoInfo, every_seconds: float) -> float:
    """Say how far apart frames are that are looked at; 0 where every frame is, and the film does not tell its rate."""
    return max(every_seconds, 1 / info.frames_per_second if info.frames_per_second else 0)


def range_violations(start_seconds: float, end_seconds: float) -> list[FieldViolation]:
    """Say what is wrong with the range of the options of a video."""
    if end_seconds > start_seconds:
        return []
    return [FieldViolation("options.video.end", "must be after the start")]


def frames_after(film: Film, raster: Raster, done_seconds: float) -> Iterator[Frame]:
    """Read the frames that are wanted and come after a given one.

    Args:
        film: an open film.
        raster: which frames are wanted.
        done_seconds: the last frame that an earlier attempt looked at; below 0 at the start.
    """
    start_seconds = raster.after(done_seconds)
    if start_seconds >= raster.end_seconds:
        return
    for frame in film.frames(
        every_seconds=raster.every_seconds, start_seconds=start_seconds, end_seconds=raster.end_seconds
    ):
        if frame.seconds > done_seconds:
            yield frame


def looked_at(
    frames: Iterable[Frame], look: Callable[[Image], Future[T]], at_once: int
) -> Generator[tuple[Frame, T], None, None]:
    """Send frames through a model, several at once, and give them out in their order with what was seen.

    Args:
        frames: in order.
        look: begins to look at one.
        at_once: how many are on their way.
    """
    on_their_way: deque[tuple[Frame, Future[T]]] = deque()
    try:
        for frame in frames:
            on_their_way.append((frame, look(image_of(frame))))
            if len(on_their_way) >= at_once:
                first, looking = on_their_way.popleft()
                yield first, looking.result()
        while on_their_way:
            first, looking = on_their_way.popleft()
            yield first, looking.result()
    finally:
        for _, looking in on_their_way:
            looking.cancel()


def image_of(frame: Frame) -> Image:
    """Give a frame as a picture, which no header describes."""
    height, width = frame.pixels.shape[:2]
    return Image(frame.pixels, width, height, ImageFormat.PNG)
