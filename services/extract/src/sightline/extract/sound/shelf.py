"""The recordings of a mix that are at hand: open while they sound, in bounded number and memory."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Iterable
from pathlib import Path

from sightline.common.settings import MediaLimits
from sightline.extract.sound.converting import Samples
from sightline.extract.sound.reading import SoundReader
from sightline.extract.sound.sounds import Sounds

# A recording as short as this is decoded once and kept, where several pieces share it or its end must be known.
_CLIP_SECONDS = 10.0
_CLIPS_BYTES = 64 * 2**20
# What a header says of the length is only a hint; so much before it the end is looked for.
_TAIL_SECONDS = 2.0


class Shelf:
    """Gives any samples of any recording to any number of voices; one thread.

    At most `max_open` recordings are open. A voice beyond that is not refused: the one that was read longest ago
    is closed, and opened again where it was when its turn comes, to the sample.
    """

    def __init__(
        self, sounds: Sounds, keys: Iterable[str], limits: MediaLimits, *, rate_hz: int, channels: int, max_open: int
    ) -> None:
        """Take what is needed; nothing is fetched yet.

        Args:
            sounds: gives the files.
            keys: the recording of every piece, one that is shared as often as it is.
            limits: what is accepted.
            rate_hz: samples a second that are wanted.
            channels: channels that are wanted.
            max_open: files that are open at the same time at most, 1 or more.
        """
        self._sounds, self._limits = sounds, limits
        self._rate_hz, self._channels, self._max_open = rate_hz, channels, max_open
        self._shared = Counter(keys)
        self._to_come = self._shared.copy()
        self._sounding: Counter[str] = Counter()
        self._paths: dict[str, Path] = {}
        self._readers: OrderedDict[tuple[str, int], tuple[SoundReader, int]] = OrderedDict()
        self._clips: OrderedDict[str, Samples] = OrderedDict()
        self._clip_bytes = 0
        self._lengths: dict[str, int] = {}
        self._honest: dict[str, bool] = {}

    def begin(self, key: str) -> None:
        """Get a recording ready for a piece that begins to sound."""
        self._to_come[key] -= 1
        self._sounding[key] += 1
        if key not in self._paths and key not in self._clips:
            self._paths[key] = self._sounds.fetch(key)

    def end(self, key: str, voice: int) -> None:
        """Let a recording go that a piece has done with."""
        self._sounding[key] -= 1
        entry = self._readers.pop((key, voice), None)
        if entry is not None:
            # What other pieces will read stays open while there is room; it is the first to be closed.
            self._keep((key, -1), *entry) if self._to_come[key] or self._sounding[key] else entry[0].close()
        if not self._sounding[key]:
            self._release(key)

    def close(self) -> None:
        """Close and release all that is left."""
        while self._readers:
            self._readers.popitem()[1][0].close()
        for key in list(self._paths):
            self._sounds.release(key, needed_again=False)
            del self._paths[key]

    def read(self, key: str, voice: int, at: int, samples: int) -> Samples:
        """Read samples of a recording; less than were asked for only at its end.

        Args:
            key: of the recording, begun and not ended.
            voice: who reads: what one voice reads in a row is decoded in a row.
            at: the first sample.
            samples: how many.
        """
        clip = self._clip(key, voice)
        if clip is not None:
            return clip[:, at : at + samples]
        reader, place = self._reader(key, voice)
        if place != at:
            reader.seek(at)
        block = reader.read(samples)
        self._keep((key, voice), reader, at + block.shape[1])
        return block

    def length(self, key: str, voice: int, least: float) -> int:
        """Count the samples of a recording: exactly, or no less than `least` where there are many more than that.

        The end is found by decoding the last seconds alone, unless the header tells of more than there is.
        """
        if key not in self._lengths:
            clip = self._clip(key, voice, whole=True)
            if clip is not None:
                return int(clip.shape[1])
            reader, _ = self._reader(key, voice)
            said = int((reader.duration_seconds - _TAIL_SECONDS) * self._rate_hz)
            if least >= said or not self._reaches(key, reader, said):
                self._lengths[key] = _end(reader, max(said, 0))
            self._keep((key, voice), reader, -1)
            return self._lengths.get(key, said)
        return self._lengths[key]

    def _reaches(self, key: str, reader: SoundReader, sample: int) -> bool:
        """Say whether a recording goes on for as long as its header says; looked at once."""
        if key not in self._honest:
            reader.seek(sample)
            self._honest[key] = reader.read(1).shape[1] > 0
        return self._honest[key]

    def _clip(self, key: str, voice: int, *, whole: bool = False) -> Samples | None:
        if key in self._clips:
            self._clips.move_to_end(key)
            return self._clips[key]
        if (self._shared[key] == 1 and not whole) or (key, voice) in self._readers:
            return None
        reader, _ = self._reader(key, voice)
        self._keep((key, voice), reader, -1)
        if not 0 < reader.duration_seconds <= _CLIP_SECONDS:
            return None
        most = math.ceil(2 * _CLIP_SECONDS * self._rate_hz)
        reader.seek(0)
        clip = reader.read(most)
        if clip.shape[1] == most:
            return None
        self._readers.pop((key, voice))[0].close()
        self._clips[key] = clip
        self._clip_bytes += clip.nbytes
        while self._clip_bytes > _CLIPS_BYTES and len(self._clips) > 1:
            self._clip_bytes -= self._clips.popitem(last=False)[1].nbytes
        return clip

    def _reader(self, key: str, voice: int) -> tuple[SoundReader, int]:
        for name in ((key, voice), (key, -1)):
            if name in self._readers:
                return self._readers.pop(name)
        if key not in self._paths:
            self._paths[key] = self._sounds.fetch(key)
        self._make_room(self._max_open - 1)
        return SoundReader(self._paths[key], self._limits, self._rate_hz, self._channels), 0

    def _keep(self, name: tuple[str, int], reader: SoundReader, at: int) -> None:
        if name in self._readers:
            reader.close()
            return
        self._readers[name] = (reader, at)
        if name[1] < 0:
            self._readers.move_to_end(name, last=False)

    def _make_room(self, left: int) -> None:
        while len(self._readers) > left:
            self._readers.popitem(last=False)[1][0].close()

    def _release(self, key: str) -> None:
        idle = self._readers.pop((key, -1), None)
        if idle is not None:
            idle[0].close()
        if key in self._paths:
            del self._paths[key]
            self._sounds.release(key, needed_again=self._to_come[key] > 0)
        if not self._to_come[key]:
            clip = self._clips.pop(key, None)
            self._clip_bytes -= 0 if clip is None else clip.nbytes


def _end(reader: SoundReader, near: int) -> int:
    """Count the samples of a recording, from near its end if it gets there."""
    for start in (near, 0):
        reader.seek(start)
        at = start
        while (block := reader.read(reader.rate_hz)).shape[1]:
            at += block.shape[1]
        if at > start:
            return at
    return 0
