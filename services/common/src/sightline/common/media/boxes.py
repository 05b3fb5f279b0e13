"""What the index of an MP4 claims, read before a decoder believes it: a file of a kilobyte may ask for gigabytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sightline.common.errors import MediaRejected, Reason
from sightline.common.settings import MediaLimits

# What MP4 and QuickTime files begin with. Source: ISO/IEC 14496-12; QuickTime File Format Specification.
_FIRST = frozenset({b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot", b"udta", b"sidx"})
_OPENED = frozenset({b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl", b"moof", b"traf"})
# Where the number of samples stands, from the beginning of the content of a box.
_SAMPLES_AT = {b"stsz": 8, b"stz2": 8, b"trun": 4}
# A fragment a second, with its box of data, of the longest film, and all that is in a header, many times over.
_MOST_BOXES = 200_000
# Films have one or two; a decoder goes through all frames for each.
_MOST_EDITS = 1_000
# A film of pictures has sound beside them, of about fifty pieces a second.
_SAMPLES_PER_FRAME = 3


def check_index(path: Path, limits: MediaLimits) -> None:
    """Refuse an MP4 whose index would take more room and time to build than any film that is accepted.

    Args:
        path: any file; nothing is said of other kinds.
        limits: how many frames are accepted.

    Raises:
        MediaRejected: MEDIA_TOO_LARGE or MEDIA_UNSUPPORTED (an index that is compressed).
    """
    with path.open("rb") as file:
        if file.read(8)[4:] not in _FIRST:
            return
        samples = 0
        most_samples = limits.max_video_frames * _SAMPLES_PER_FRAME
        for kind, start in _boxes(file, path.stat().st_size):
            if kind == b"cmov":
                raise MediaRejected(Reason.MEDIA_UNSUPPORTED, "the film has a compressed header")
            if kind == b"elst" and _number(file, start + 4) > _MOST_EDITS:
                raise _too_large("edits", _MOST_EDITS)
            if kind in _SAMPLES_AT:
                samples += _number(file, start + _SAMPLES_AT[kind])
                if samples > most_samples:
                    raise _too_large("frames and pieces of sound", most_samples)


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
            length, start = _long(file, start), at + 16
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
    file.seek(at)
    return int.from_bytes(file.read(4), "big")


def _long(file: BinaryIO, at: int) -> int:
    file.seek(at)
    return int.from_bytes(file.read(8), "big")


def _too_large(what: str, most: int) -> MediaRejected:
    return MediaRejected(Reason.MEDIA_TOO_LARGE, f"the film says that it has more than {most} {what}")
