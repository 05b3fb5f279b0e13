"""The sound of a file as it was recorded: samples in their places in time, before any change of rate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from sightline.common.errors import MediaRejected, Reason
from sightline.common.media.containers import open_container, picture_stream
from sightline.common.media.damage import Damage
from sightline.common.settings import MediaLimits
from sightline.extract.sound.converting import Converter, Samples

# Below this nothing can be heard, and a second of it at any usual rate is thousands of samples for one.
_LEAST_RATE_HZ = 1000
# No file goes on for as many of its own ticks, and FFmpeg takes no more.
_MOST_TICKS = 2**62
# Times in Matroska are whole milliseconds, and those of broadcasts jitter; what is further off is a gap or an overlap.
_JITTER_SECONDS = 0.04
# Broadcasts that were joined begin to count anew: so far back is no overlap but another beginning.
_RESTART_SECONDS = 1.0
# What a decoder must have heard before its output is right: MP3 borrows bits from 9 frames back, Opus wants 80 ms.
_PREROLL_SECONDS = 0.5
# Half the step of the times of such files, and a little.
_COARSE_SECONDS = 0.0011
# What begins the frames of DTS (in four orders of bits and bytes) and of S/PDIF (in two): found in WAV from discs.
_HIDDEN_MARKS = tuple(map(bytes.fromhex, ("7ffe8001", "fe7f0180", "1fffe800", "ff1f00e8", "f8724e1f", "72f81f4e")))
_SEARCHED_BYTES = 32_768
# Silence for a gap is made in parts of this size.
_PART_SAMPLES = 65_536


class Recording:
    """The sound of a film or a recording that is open; sample 0 is the start of the media.

    In a film that is the start of its pictures: sound that begins later is silence until then, and what comes
    before is cut, so that what is heard stays with what is seen.

    Attributes:
        rate_hz: samples a second.
        channels: 1 or 2; more are mixed down to 2 by FFmpeg's own matrix.
        duration_seconds: what the header says; 0 where it does not.
    """

    def __init__(self, path: Path, limits: MediaLimits) -> None:
        """Open a file and read its header.

        Args:
            path: a film or a recording on this machine.
            limits: what is accepted.

        Raises:
            MediaRejected: MEDIA_UNSUPPORTED (of no known kind, or without sound), MEDIA_CORRUPT, or
                MEDIA_TOO_LARGE (duration or streams).
        """
        self._path, self._limits = path, limits
        self._damage = Damage("sound")
        self._grid: tuple[int, int] | None = None
        self._grid_known = False
        self._open()
        try:
            self._describe()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        self._container = open_container(self._path, self._limits, _hints(self._path))
        try:
            self._stream = _sound_stream(self._container)
        except BaseException:
            self._container.close()
            raise
        self._stream.codec_context.thread_count = 1
        self._converter: Converter | None = None
        self._untouched, self._sought = True, False

    def _reopen(self) -> None:
        if not self._untouched:
            self.close()
            self._open()

    def _describe(self) -> None:
        context = self._stream.codec_context
        if context.sample_rate < 1 or context.channels < 1:
            raise MediaRejected(Reason.MEDIA_CORRUPT, "the sound does not say its rate or its channels")
        if context.sample_rate < _LEAST_RATE_HZ:
            message = f"the sound has {context.sample_rate} samples a second; no fewer than {_LEAST_RATE_HZ} are read"
            raise MediaRejected(Reason.MEDIA_UNSUPPORTED, message)
        self.rate_hz = context.sample_rate
        self.channels = min(context.channels, 2)
        self.duration_seconds = _duration(self._stream, self._container)
        self._origin = _origin(self._stream, self._container)
        self._check_seconds(self.duration_seconds)

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def samples(self, start: int) -> Iterator[Samples]:
        """Read from a sample to the end, without gaps, at the rate of the recording.

        Args:
            start: index of the first sample, 0 or more.

        Raises:
            MediaRejected: MEDIA_CORRUPT where too much is damaged, MEDIA_TOO_LARGE where it goes on for longer than
                its header says and than is accepted.
        """
        at, given, slack, later = -math.inf, start, 0, 0
        for said, block in self._from(start):
            place = said + later
            if at - place > _RESTART_SECONDS * self.rate_hz:
                later, place = int(at) - said, int(at)
            # The first block has its exact place; those that follow without a gap are not moved by rounded times.
            begin = int(at) if abs(place - at) <= slack else place
            end = begin + block.shape[1]
            self._check_seconds(end / self.rate_hz)
            yield from _silence(begin - given, block.shape[0])
            if end > given:
                yield block[:, given - end :] if begin < given else block
            at = max(at, end)
            given, slack = max(given, end), int(_JITTER_SECONDS * self.rate_hz)

    def _from(self, start: int) -> Iterator[tuple[int, Samples]]:
        """Give blocks with their places, the first of which begins at `start` or before it, where there is one."""
        if start > 0 and not self._grid_known:
            self._reopen()
            self._grid, self._grid_known = self._find_grid(), True
        self._seek(start)
        blocks = self._blocks()
        first = next(blocks, None)
        if start > 0 and (first is None or first[0] > start):
            # Nothing is there, or the file was sought in badly: reading all of it tells.
            self._reopen()
            return self._blocks()
        if first is None:
            return blocks
        end = first[0] + first[1].shape[1]
        shift = self._exact_place(end) - end if self._sought else 0
        return ((place + shift, block) for place, block in chain([first], blocks))

    def _exact_place(self, place: int) -> int:
        """Find where a frame ends to the sample, in a file that says it in milliseconds only.

        Frames of one length stand where whole numbers of them fit after the first, which may be shorter. Decoders
        may leave out the beginning of the first frame after a jump, but never its end.
        """
        if self._grid is None:
            return place
        origin, step = self._grid
        exact = origin + round((place - origin) / step) * step
        return exact if abs(exact - place) <= _COARSE_SECONDS * self.rate_hz else place

    def _find_grid(self) -> tuple[int, int] | None:
        base = self._stream.time_base
        if base is None or base * self.rate_hz <= 1:
            return None
        places = [(place, block.shape[1]) for place, block in islice(self._blocks(), 3)]
        self._reopen()
        if len(places) < 3 or places[1][1] != places[2][1]:
            return None
        return sum(places[0]), places[1][1]

    def _seek(self, start: int) -> None:
        seconds = start / self.rate_hz - _PREROLL_SECONDS
        if seconds <= 0 or self._stream.time_base is None:
            self._reopen()
            return
        self._untouched = False
        ticks = min(int((seconds + self._origin) / self._stream.time_base), _MOST_TICKS)
        try:
            self._container.seek(ticks, stream=self._stream, backward=True, any_frame=False)
            self._sought = True
        except av.error.FFmpegError:
            self._reopen()

    def _blocks(self) -> Iterator[tuple[int, Samples]]:
        at = 0
        for frame in self._frames():
            if frame.pts is not None and frame.time_base is not None:
                at = round((float(frame.pts * frame.time_base) - self._origin) * self.rate_hz)
            self._converter = self._converter or Converter(self.rate_hz, self.channels)
            for block in self._converter.convert(frame):
                yield at, block
                at += block.shape[1]

    def _frames(self) -> Iterator[AudioFrame]:
        self._untouched = False
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                yield from packet.decode()
            except av.error.EOFError:
                return
            except av.error.FFmpegError as error:
                self._damage.meet(error)

    def _check_seconds(self, seconds: float) -> None:
        most = self._limits.max_video_seconds
        if seconds > most:
            raise MediaRejected(
                Reason.MEDIA_TOO_LARGE, f"the sound has {seconds:.10g} seconds; at most {most:.10g} are accepted"
            )


def _hints(path: Path) -> dict[str, str]:
    """Save FFmpeg its search for other sound inside plain WAV, nine tenths of the cost of opening one."""
    with path.open("rb") as file:
        head = file.read(_SEARCHED_BYTES)
    plain = head[:4] in (b"RIFF", b"RF64") and not any(mark in head for mark in _HIDDEN_MARKS)
    return {"max_probe_packets": "1"} if plain else {}


def _sound_stream(container: InputContainer) -> AudioStream:
    stream = container.streams.best("audio")
    if not isinstance(stream, AudioStream):
        raise MediaRejected(Reason.MEDIA_UNSUPPORTED, "the file has no sound")
    return stream


def _origin(stream: AudioStream, container: InputContainer) -> float:
    """Find the time of the start of the media: where its pictures begin, or its sound where it has none."""
    first = picture_stream(container) or stream
    ticks, base = first.start_time, first.time_base
    return float(ticks * base) if ticks is not None and base is not None else 0.0


def _duration(stream: AudioStream, container: InputContainer) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return max(float(stream.duration * stream.time_base), 0.0)
    return max((container.duration or 0) / av.time_base, 0.0)


def _silence(samples: int, channels: int) -> Iterator[Samples]:
    while samples > 0:
        part = min(samples, _PART_SAMPLES)
        yield np.zeros((channels, part), np.float32)
        samples -= part
