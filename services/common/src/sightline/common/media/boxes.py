"""What the index of an MP4 claims, read before a decoder believes it: a file of a kilobyte may ask for gigabytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from sightline.common.errors import MediaRejected, Reason
from sightline.common.settings import MediaLimits

# What MP4 and QuickTime files begin with. Source: ISO/IEC 14496-12; QuickTime File Format Specification.
_FIRST = frozenset({b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot", b"udta", b"sidx"})
_OPENED = frozenset({b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl", b"moof", b"traf"})
# A fragment a second, with its box of data, of the longest film, and all that is in a header, many times over.
_MOST_BOXES = 200_000
# Films have one or two; a decoder goes through all frames for each.
_MOST_EDITS = 1_000
# No table of an honest film is longer.
_MOST_BYTES = 2**24
# Eight tracks of sound, of fifty pieces a second each.
_PIECES_PER_SECOND = 400
# Sound that is not compressed has a sample for every number; decoders index so many of them at once.
_PLAIN_SAMPLES = 1024


@dataclass(slots=True)
class _Track:
    """What the boxes of a track say that matters for its index.

    Attributes:
        kind: `vide`, `soun`, or another.
        samples: how many there are.
        plain: whether every sample lasts one tick, as those of uncompressed sound do.
        chunks: how many runs of samples there are.
        runs: the first chunk of each run of equal chunks, and how many samples each of these has.
    """

    kind: bytes = b""
    samples: int = 0
    plain: bool = False
    chunks: int = 0
    runs: list[tuple[int, int]] = field(default_factory=list)

    @property
    def entries(self) -> int:
        """How many entries its index will have."""
        if not (self.plain and self.kind == b"soun"):
            return self.samples
        ends = [first for first, _ in self.runs[1:]] + [self.chunks + 1]
        return sum(
            max(0, end - first) * -(-samples // _PLAIN_SAMPLES)
            for (first, samples), end in zip(self.runs, ends, strict=True)
        )


def check_index(path: Path, limits: MediaLimits) -> None:
    """Refuse an MP4 whose index would take more room and time to build than any film that is accepted.

    Args:
        path: any file; nothing is said of other kinds.
        limits: how many frames and seconds are accepted.

    Raises:
        MediaRejected: MEDIA_TOO_LARGE or MEDIA_UNSUPPORTED (an index that is compressed).
    """
    with path.open("rb") as file:
        if file.read(8)[4:] not in _FIRST:
            return
        tracks, fragments = _Tracks(), 0
        most = limits.max_video_frames + round(limits.max_video_seconds * _PIECES_PER_SECOND)
        for kind, start in _boxes(file, path.stat().st_size):
            if kind == b"cmov":
                raise MediaRejected(Reason.MEDIA_UNSUPPORTED, "the film has a compressed header")
            if kind == b"elst" and _number(file, start + 4) > _MOST_EDITS:
                raise _too_large("edits", _MOST_EDITS)
            if kind == b"trun":
                fragments += _number(file, start + 4)
            tracks.take(file, kind, start)
            if tracks.frames > limits.max_video_frames:
                raise _too_large("frames", limits.max_video_frames)
            if fragments > most:
                raise _too_large("frames and pieces of sound", most)
        if tracks.entries + fragments > most:
            raise _too_large("frames and pieces of sound", most)


class _Tracks:
    """The tracks of a film, as their boxes come."""

    def __init__(self) -> None:
        self._all = [_Track()]

    @property
    def frames(self) -> int:
        """How many pictures the last track has."""
        return self._all[-1].samples if self._all[-1].kind == b"vide" else 0

    @property
    def entries(self) -> int:
        """How many entries the index of all of them will have."""
        return sum(track.entries for track in self._all)

    def take(self, file: BinaryIO, kind: bytes, start: int) -> None:
        """Take in a box, which belongs to the last track. Source: ISO/IEC 14496-12, 8.4 to 8.7."""
        track = self._all[-1]
        match kind:
            case b"trak":
                self._all.append(_Track())
            case b"hdlr" if not track.kind:  # a second one, deeper down, tells where the data is
                track.kind = _bytes(file, start + 8, 4)
            case b"stsz" | b"stz2":
                track.samples = _number(file, start + 8)
            case b"stts":
                track.plain = _number(file, start + 4) == 1 and _number(file, start + 12) == 1
            case b"stco" | b"co64":
                track.chunks = _number(file, start + 4)
            case b"stsc":
                data = _bytes(file, start + 8, 12 * _number(file, start + 4))
                track.runs = [
                    (first, samples) for first, samples, _ in struct.iter_unpack(">III", data[: len(data) // 12 * 12])
                ]


def _boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Walk the boxes, and those in the boxes that hold an index.

    Returns:
        (kind, where its content begins) of each, in the order of the file.
    """
    ends, at, count = [size], 0, 0
    while ends:
        if at + 8 > ends[-1]:
            at = ends.pop()
            continue
        file.seek(at)
        length, kind = struct.unpack(">I4s", file.read(8).ljust(8, b"\0"))
        start = at + 8
        if length == 1:
            length, start = int.from_bytes(_bytes(file, start, 8), "big"), at + 16
        # A length of 0 means to the end; one that makes no sense ends this level, as it does for a decoder.
        end = ends[-1] if length == 0 else min(at + length, ends[-1])
        if end < start:
            at = ends.pop()
            continue
        count += 1
        if count > _MOST_BOXES:
            raise _too_large("parts", _MOST_BOXES)
        yield kind, start
        at = end
        if kind in _OPENED:
            ends.append(end)
            at = start


def _number(file: BinaryIO, at: int) -> int:
    return int.from_bytes(_bytes(file, at, 4), "big")


def _bytes(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(min(count, _MOST_BYTES))


def _too_large(what: str, most: int) -> MediaRejected:
    return MediaRejected(Reason.MEDIA_TOO_LARGE, f"the film says that it has more than {most} {what}")
