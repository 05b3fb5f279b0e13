"""Read a film as the search for slides wants it: sizes of packets, key frames, and short spans of frames."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from sightline.common.errors import MediaRejected, Reason
from sightline.common.media.containers import open_container, required_picture_stream
from sightline.common.media.damage import Damage
from sightline.common.media.seeking import places_before
from sightline.common.settings import MediaLimits
from sightline.extract.slides.views import Gray, View, reduced
from sightline.extract.slides.wholeness import is_cut_off

if TYPE_CHECKING:
    from av.packet import Packet as AnyPacket

    Packet = AnyPacket[VideoStream]

# Formats whose first plane is brightness, eight bits a pixel.
_PLANAR = {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "nv21", "gray"}


@dataclass(frozen=True, slots=True)
class PacketNote:
    """What a packet tells without being decoded: its time, its bytes, and whether it is a key frame."""

    seconds: float
    size_bytes: int
    key: bool


class FilmReader:
    """An open film; one thread, one pass at a time."""

    def __init__(self, container: InputContainer, stream: VideoStream, limits: MediaLimits, threads: int) -> None:
        """Take an open container; use `FilmReader.open`."""
        self._container, self._stream = container, stream
        context = stream.codec_context
        context.thread_count, context.thread_type = threads, "AUTO"
        # Deblocking is a fifth of the work, but must not be left out: what is built on unfiltered frames drifts away
        # from what was filmed, until the next key frame looks like another slide.
        context.options = {"max_pixels": str(limits.max_video_pixels)}
        # Opened while it leaves nothing out: the decoder of AV1 reads that but once, and others whenever it changes.
        context.open(strict=False)
        self._base = float(stream.time_base or 0) or 1.0
        self._origin = float((stream.start_time or 0) * self._base)
        self._damage = Damage("film")
        self._shape: tuple[int, int] | None = None

    @classmethod
    def open(cls, path: Path, limits: MediaLimits, *, threads: int = 1) -> Self:
        """Open the first film in a file that was checked before.

        Args:
            path: a file on this machine.
            limits: what is accepted.
            threads: how many decode.

        Raises:
            MediaRejected: as `open_container`; MEDIA_UNSUPPORTED without pictures, MEDIA_CORRUPT where it was cut off.
        """
        container = open_container(path, limits)
        try:
            stream = required_picture_stream(container)
            if is_cut_off(path, stream):
                raise MediaRejected(Reason.MEDIA_CORRUPT, "the film was cut off: its end is missing")
            return cls(container, stream, limits, threads)
        except BaseException:
            container.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def packets(self, start: float, end: float) -> Iterator[tuple[PacketNote, Packet]]:
        """Read packets in the order of decoding, from the key frame at or before `start` to the one at `end`."""
        self._seek(start)
        begun = False
        for packet in self._container.demux(self._stream):
            ticks = packet.pts if packet.pts is not None else packet.dts
            begun = begun or packet.is_keyframe  # what comes before builds on what is not there
            if ticks is None or packet.size == 0 or not begun:
                continue
            seconds = ticks * self._base - self._origin
            if packet.is_keyframe and seconds >= end:
                return
            yield PacketNote(seconds, packet.size, packet.is_keyframe), packet

    def key_views(self, packets: Iterator[Packet]) -> Iterator[View]:
        """Decode key packets; views come in order, some packets late."""
        context = self._stream.codec_context
        context.flush_buffers()
        context.skip_frame = "NONKEY"
        for packet in packets:
            for frame in self._decoded(packet):
                yield self._view(frame)
        for frame in self._decoded(None):
            yield self._view(frame)

    def keys_at(self, times: Sequence[float]) -> Iterator[View]:
        """Decode the key frames at some times, in order."""
        wanted = {round(seconds, 3) for seconds in times}
        packets = self.packets(times[0], times[-1] + 1.0)
        yield from self.key_views(packet for note, packet in packets if note.key and round(note.seconds, 3) in wanted)

    def span(
        self, start: float, end: float, every: float, is_new: Callable[[float, float], bool], *, all_frames: bool
    ) -> Iterator[View]:
        """Decode from the key frame at or before `start` until `end`.

        Views before `start` are left out, and those nearer than `every` seconds to the last one. Of those that
        show nothing new only the last before something new is given.

        Args:
            start: seconds.
            end: seconds; a frame at this time is left out.
            every: seconds.
            is_new: tells whether something may have changed between two times.
            all_frames: whether those are decoded too that no others build on.
        """
        context = self._stream.codec_context
        context.flush_buffers()
        context.skip_frame = "DEFAULT" if all_frames else "NONREF"
        last, near, held = start - every, None, None
        for frame in self._frames(start, end):
            seconds = self._time(frame)
            if seconds >= end:
                break
            if near is not None and seconds - self._time(near) > 2 * every:
                yield self._view(near)  # it stays for long: no frame comes while nothing changes
            near = frame if seconds - last < every - 1e-3 else None
            if seconds < start or near is not None:
                continue
            if not is_new(last, seconds):
                held = frame
                continue
            if held is not None:
                yield self._view(held)
            held, last = None, seconds
            yield self._view(frame)
        yield from (self._view(left) for left in (held, near) if left is not None)

    def frames_at(self, times: Sequence[float]) -> Iterator[VideoFrame]:
        """Decode the frames at some times, which are in order; the last of the film for those behind its end.

        Times between the same two key frames are decoded in one pass: a film may have but one key frame.
        """
        self._stream.codec_context.skip_frame = "DEFAULT"
        for _, group in groupby(times, self._key_before):
            yield from self._one_pass(list(group))

    def _one_pass(self, wanted: list[float]) -> Iterator[VideoFrame]:
        self._stream.codec_context.flush_buffers()
        last: VideoFrame | None = None
        for frame in self._frames(wanted[0], math.inf):
            last = frame
            while wanted and self._time(frame) >= wanted[0] - 1e-3:
                yield frame
                wanted.pop(0)
            if not wanted:
                return
        if last is not None:
            yield from [last] * len(wanted)

    def _key_before(self, seconds: float) -> float:
        return next((note.seconds for note, _ in self.packets(seconds, math.inf)), 0.0)

    def _frames(self, start: float, end: float) -> Iterator[VideoFrame]:
        for _, packet in self.packets(start, end):
            yield from self._decoded(packet)
        yield from self._decoded(None)

    def _decoded(self, packet: Packet | None) -> list[VideoFrame]:
        try:
            return self._stream.codec_context.decode(packet)
        except av.error.EOFError:
            return []
        except av.error.FFmpegError as error:
            self._damage.meet(error)
            return []

    def _seek(self, seconds: float) -> None:
        """Go to the key frame at or before a time, or to the beginning."""
        about = seconds
        for about in places_before(self._container.format.name, seconds):
            self._seek_about(about)
            if self._is_key_by(seconds):
                break
        self._seek_about(about)

    def _is_key_by(self, seconds: float) -> bool:
        """Say whether the next key frame is shown at a time or before it."""
        key = next((packet for packet in self._container.demux(self._stream) if packet.is_keyframe), None)
        ticks = None if key is None else key.dts if key.pts is None else key.pts
        return ticks is not None and ticks * self._base - self._origin <= seconds + 1e-3

    def _seek_about(self, seconds: float) -> None:
        ticks = int((seconds + self._origin) / self._base + 0.5)
        self._container.seek(ticks, stream=self._stream, backward=True, any_frame=False)

    def _time(self, frame: VideoFrame) -> float:
        ticks = frame.pts if frame.pts is not None else frame.dts or 0  # AVI has no times of presentation
        return float(ticks * self._base - self._origin)

    def _view(self, frame: VideoFrame) -> View:
        gray = reduced(np.rot90(_luma(frame), round(frame.rotation / 90) % 4))
        self._shape = self._shape or (gray.shape[0], gray.shape[1])
        if gray.shape != self._shape:  # the film goes on in another shape
            gray = np.asarray(cv2.resize(gray, self._shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)
        return View(self._time(frame), gray, bool(frame.key_frame))


def _luma(frame: VideoFrame) -> Gray:
    if frame.format.name not in _PLANAR:
        return np.asarray(frame.to_ndarray(format="gray"), np.uint8)
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : frame.width]
