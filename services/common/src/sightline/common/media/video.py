"""Films from a local file: what is in one, and its frames with their times, within hard limits.

    with Video.open(path, limits) as video:
        video.info.duration_seconds
        for frame in video.frames(every_seconds=0.5):
            frame.pixels, frame.seconds

Nothing but the named file is ever read: no network, no playlists, no files that a film points to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from sightline.common.errors import MediaRejected, Reason
from sightline.common.media.containers import at_most, open_container, required_picture_stream
from sightline.common.media.damage import Damage
from sightline.common.media.seeking import places_before
from sightline.common.settings import MediaLimits

Effort = Literal["all", "reference", "key"]
"""Which frames are decoded: every one; those that others are built on (half the work, times are coarser by a
frame or three); key frames alone (almost free, seconds apart)."""

_SKIPPED: dict[Effort, Literal["DEFAULT", "NONREF", "NONKEY"]] = {
    "all": "DEFAULT",
    "reference": "NONREF",
    "key": "NONKEY",
}
# Times are rounded to the time base of the stream; a frame this much too early is the one that was meant.
_SLACK_SECONDS = 1e-3
# These say at what time they end, not how long that is after their beginning.
_SAYING_THE_END = frozenset({"matroska,webm"})


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What the header of a film says; nothing of it is certain before the frames are read.

    Attributes:
        container: its format, such as `mov,mp4,m4a,3gp,3g2,mj2`.
        codec: the codec of the pictures, such as `h264`.
        width_px: width as it is shown, after its rotation.
        height_px: height as it is shown.
        frames_per_second: the average rate; 0 where it is not said.
        duration_seconds: the length; 0 where it is not said.
        audio_streams: how many sounds it has.
    """

    container: str
    codec: str
    width_px: int
    height_px: int
    frames_per_second: float
    duration_seconds: float
    audio_streams: int


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a film.

    Attributes:
        pixels: height x width x 3, uint8, BGR, upright.
        seconds: its time from the start of the film.
        index: how many frames were decoded before it, of those that `effort` decodes.
        key: whether it is a key frame.
    """

    pixels: NDArray[np.uint8]
    seconds: float
    index: int
    key: bool


class Film(Protocol):
    """A film that is open: a `Video`, or one that is decoded in a child process."""

    @property
    def info(self) -> VideoInfo:
        """What its header says."""

    def frames(self, *, every_seconds: float, start_seconds: float, end_seconds: float) -> Iterator[Frame]:
        """Read the frames, in the order in which they are shown; as `Video.frames`."""


Opening = Callable[[Path, MediaLimits, Callable[[], bool]], AbstractContextManager[Film]]
"""Opens a film within limits; who waits for its frames asks the third argument whether they are still wanted."""


class Video:
    """A film that is open for reading; one thread at a time, and one pass at a time."""

    def __init__(self, container: InputContainer, limits: MediaLimits, threads: int) -> None:
        """Take an open container; use `Video.open`."""
        self._container = container
        self._limits = limits
        self._stream = required_picture_stream(container)
        self._start_seconds = _seconds(self._stream, self._stream.start_time) or 0.0
        context = self._stream.codec_context
        context.thread_count, context.thread_type = threads, "AUTO"
        # The decoder itself refuses a larger picture before it takes memory for it.
        context.options = {"max_pixels": str(limits.max_video_pixels)}
        self._check_size(context.width, context.height)
        first = self._first_frame()
        self._width_px, self._height_px = first.width, first.height
        # In quarters, against the clock.
        self._quarter_turns = round(first.rotation / 90) % 4
        self.info = self._describe()
        at_most(self.info.duration_seconds, limits.max_video_seconds, "seconds")

    @classmethod
    def open(cls, path: Path, limits: MediaLimits, *, threads: int = 1) -> Self:
        """Open a film and read its header.

        Args:
            path: a file on this machine.
            limits: what is accepted.
            threads: how many decode; 0 leaves it to the decoder.

        Raises:
            MediaRejected: MEDIA_UNSUPPORTED (no film of a known kind, or without pictures), MEDIA_CORRUPT, or
                MEDIA_TOO_LARGE (pixels, duration or streams).
        """
        container = open_container(path, limits)
        try:
            return cls(container, limits, threads)
        except BaseException:
            container.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def frames(
        self,
        *,
        every_seconds: float = 0.0,
        start_seconds: float = 0.0,
        end_seconds: float = math.inf,
        effort: Effort = "all",
    ) -> Iterator[Frame]:
        """Read the frames, in the order in which they are shown.

        Args:
            every_seconds: least time from one frame to the next; 0 gives every frame that is decoded.
            start_seconds: where to begin, from the start of the film.
            end_seconds: where to end; a frame at exactly this time is left out.
            effort: which frames are decoded at all.

        Raises:
            MediaRejected: MEDIA_CORRUPT (too many packets are damaged) or MEDIA_TOO_LARGE (the film
                has more frames, seconds or pixels than its header says and than is accepted).
        """
        wanted_seconds = start_seconds
        for index, frame, seconds in self._decoded(start_seconds, end_seconds, effort):
            if seconds < wanted_seconds - _SLACK_SECONDS:
                continue
            yield Frame(self._pixels(frame), seconds, index, bool(frame.key_frame))
            if every_seconds > 0:
                # The raster stays where it is: a late frame does not delay all those after it.
                steps = math.floor((seconds - start_seconds + _SLACK_SECONDS) / every_seconds) + 1
                wanted_seconds = start_seconds + steps * every_seconds

    def _decoded(
        self, start_seconds: float, end_seconds: float, effort: Effort
    ) -> Iterator[tuple[int, VideoFrame, float]]:
        self._stream.codec_context.skip_frame = _SKIPPED[effort]
        seconds = 0.0
        for index, frame in enumerate(self._frames_from(start_seconds)):
            # Frames come as they are shown, whatever times AVI gives to those that are decoded out of turn.
            seconds = max(self._time_of(frame, index), seconds)
            self._check_frame(frame, index, seconds)
            if seconds >= end_seconds - _SLACK_SECONDS:
                return
            yield index, frame, seconds

    def _frames_from(self, seconds: float) -> Iterator[VideoFrame]:
        """Decode from a frame at or before a time, or from the first."""
        frames: Iterator[VideoFrame] = iter(())
        first: VideoFrame | None = None
        for about_seconds in places_before(self.info.container, seconds):
            self._seek(about_seconds)
            frames = self._raw_frames()
            first = next(frames, None)
            if self._is_early(first, seconds):
                break
        return frames if first is None else chain([first], frames)

    def _is_early(self, frame: VideoFrame | None, seconds: float) -> bool:
        """Say whether a frame is surely not after a time."""
        if frame is None or (frame.pts is None and frame.dts is None):
            return False
        return self._time_of(frame, 0) <= seconds + _SLACK_SECONDS

    def _raw_frames(self) -> Iterator[VideoFrame]:
        damage = Damage("film")
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                if packet.size == 0 and packet.dts is not None:
                    continue  # the frame before is shown for longer; the one without a time ends the film
                yield from packet.decode()
            except av.error.EOFError:
                return
            except av.error.FFmpegError as error:
                damage.meet(error)

    def _seek(self, seconds: float) -> None:
        if self._stream.time_base is None:
            return
        target = round((seconds + self._start_seconds) / self._stream.time_base)
        try:
            self._container.seek(target, stream=self._stream, backward=True, any_frame=False)
        except av.error.FFmpegError:
            # A stream that can't be sought in is read from where it is, and what is early is passed over.
            return

    def _time_of(self, frame: VideoFrame, index: int) -> float:
        seconds = _seconds(self._stream, frame.dts if frame.pts is None else frame.pts)
        if seconds is None:
            return index / self.info.frames_per_second if self.info.frames_per_second else 0.0
        return max(seconds - self._start_seconds, 0.0)

    def _pixels(self, frame: VideoFrame) -> NDArray[np.uint8]:
        # A broadcast may go on in another size: places in the film mean the same before and after.
        pixels = frame.to_ndarray(format="bgr24", width=self._width_px, height=self._height_px)
        turned = np.rot90(pixels, self._quarter_turns) if self._quarter_turns else pixels
        return np.ascontiguousarray(turned, np.uint8)

    def _describe(self) -> VideoInfo:
        stream, container = self._stream, self._container
        length = _seconds(stream, stream.duration) or (container.duration or 0) / av.time_base
        if container.format.name in _SAYING_THE_END and stream.duration is None:
            length -= self._start_seconds
        rate = stream.average_rate or stream.guessed_rate
        width, height = self._width_px, self._height_px
        if self._quarter_turns % 2:
            width, height = height, width
        return VideoInfo(
            container=container.format.name,
            codec=stream.codec_context.codec.canonical_name,
            width_px=width,
            height_px=height,
            frames_per_second=float(rate) if rate else 0.0,
            duration_seconds=max(float(length), 0.0),
            audio_streams=len(container.streams.audio),
        )

    def _first_frame(self) -> VideoFrame:
        """Read the first frame: only frames say how they are to be turned."""
        for frame in self._raw_frames():
            return frame
        raise MediaRejected(Reason.MEDIA_CORRUPT, "no picture of the film decodes")

    def _check_size(self, width_px: int, height_px: int) -> None:
        if width_px < 1 or height_px < 1:
            raise MediaRejected(Reason.MEDIA_CORRUPT, "the film says that its pictures have no pixels")
        if min(width_px, height_px) < self._limits.min_image_side_px:
            raise MediaRejected(
                Reason.MEDIA_TOO_SMALL,
                f"the film has {width_px} x {height_px} pixels; the shorter side must have "
                f"{self._limits.min_image_side_px} or more",
            )
        at_most(width_px * height_px, self._limits.max_video_pixels, "pixels in a picture")

    def _check_frame(self, frame: VideoFrame, index: int, seconds: float) -> None:
        at_most(index + 1, self._limits.max_video_frames, "frames")
        at_most(seconds, self._limits.max_video_seconds, "seconds")
        self._check_size(frame.width, frame.height)


def _seconds(stream: VideoStream, ticks: int | None) -> float | None:
    if ticks is None or stream.time_base is None:
        return None
    return float(ticks * stream.time_base)
