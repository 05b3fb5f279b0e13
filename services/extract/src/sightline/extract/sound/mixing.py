"""Mix timed pieces of sound into one, in linear time and bounded memory."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO

import numpy as np

from sightline.common.errors import FieldViolation, InvalidRequest
from sightline.common.settings import MediaLimits
from sightline.extract.sound.converting import Samples
from sightline.extract.sound.guarding import Guard, guarded
from sightline.extract.sound.loudness import SILENCE_LUFS, Meter
from sightline.extract.sound.options import Mixed, MixOptions, Piece, Progress, SoundFormat
from sightline.extract.sound.shelf import Shelf
from sightline.extract.sound.sounds import Sounds
from sightline.extract.sound.voices import Voices
from sightline.extract.sound.writing import SoundWriter, written_rate

# With a loudness to reach all is mixed before the first sample is written; that takes most of the time.
_MIXED_SHARE = 0.8


def mix(
    pieces: Sequence[Piece],
    sounds: Sounds,
    out: Path,
    options: MixOptions,
    limits: MediaLimits,
    *,
    progress: Progress = lambda _share: None,
) -> Mixed:
    """Write pieces of sound on one time line to a file.

    Pieces that overlap are added. Nothing clips: around a sum that does not fit 16 bits the mix is made quieter,
    and everywhere else it is left as it is, to the bit. With a loudness to reach, the mix is measured first, and
    kept beside `out` meanwhile (4 bytes a sample, deleted in any case); peaks that do not fit after that are
    guarded too, so that a mix of few loud peaks may stay below the loudness that was asked for.

    Args:
        pieces: 1 or more, in any order.
        sounds: gives their recordings as files, each when its time is near.
        out: where to; a file there is replaced, and left with an error it is deleted.
        options: what the result is like.
        limits: what is accepted of each recording.
        progress: told the share that is done; what it raises ends the work.

    Raises:
        InvalidRequest: there is no piece, or one leaves out more than its recording has.
        MediaRejected: a recording can't be read; the message says of which piece.
        SightlineError: whatever `sounds` raises.
    """
    if not pieces:
        raise InvalidRequest("there is nothing to mix", [FieldViolation("pieces", "must have one or more")])
    rate, channels = written_rate(options.sample_rate_hz, options.format), options.channels
    keys = [piece.sound for piece in pieces]
    shelf = Shelf(sounds, keys, limits, rate_hz=rate, channels=channels, max_open=options.max_open)
    end = _expected_end(pieces) * rate
    with closing(shelf):
        blocks = Voices(pieces, shelf, rate, channels).blocks()
        if options.loudness_lufs is None:
            mixed = _write(_told(blocks, end, progress), out, options.format, rate, channels)
        else:
            with tempfile.TemporaryFile(dir=out.parent, prefix=".mix-") as kept:
                told = _told(blocks, end, lambda share: progress(share * _MIXED_SHARE))
                gain, samples = _keep(told, kept, Meter(rate, channels), options.loudness_lufs)
                again = _told(
                    _louder(kept, gain, rate, channels),
                    samples,
                    lambda share: progress(_MIXED_SHARE + share * (1 - _MIXED_SHARE)),
                )
                mixed = _write(again, out, options.format, rate, channels)
    progress(1.0)
    return mixed


def _expected_end(pieces: Sequence[Piece]) -> float:
    known = (0.0 if math.isinf(piece.length_seconds) else piece.length_seconds for piece in pieces)
    return max(piece.start_seconds + length for piece, length in zip(pieces, known, strict=True))


def _told(blocks: Iterator[Samples], end: float, progress: Progress) -> Iterator[Samples]:
    at = 0
    for block in blocks:
        yield block
        at += block.shape[1]
        progress(min(at / max(end, at, 1), 1.0))


def _keep(blocks: Iterator[Samples], kept: IO[bytes], meter: Meter, wanted_lufs: float) -> tuple[float, int]:
    """Write a mix down as it is; give the gain that it needs to be as loud as is wanted, and its samples."""
    samples = 0
    for block in blocks:
        meter.add(block)
        kept.write(np.ascontiguousarray(block.T).tobytes())
        samples += block.shape[1]
    kept.seek(0)
    silent = meter.loudness_lufs <= SILENCE_LUFS
    return (1.0 if silent else 10 ** ((wanted_lufs - meter.loudness_lufs) / 20)), samples


def _louder(kept: IO[bytes], gain: float, rate: int, channels: int) -> Iterator[Samples]:
    while part := kept.read(rate * channels * 4):
        yield (np.frombuffer(part, np.float32).reshape(-1, channels) * np.float32(gain)).T


def _write(blocks: Iterator[Samples], out: Path, form: SoundFormat, rate: int, channels: int) -> Mixed:
    guard, meter = Guard(rate, channels), Meter(rate, channels)
    with SoundWriter(out, form, rate, channels) as writer:
        for block in guarded(blocks, guard):
            writer.write(block)
            meter.add(block)
    return Mixed(
        duration_seconds=meter.duration_seconds,
        sample_rate_hz=rate,
        channels=channels,
        loudness_lufs=meter.loudness_lufs,
        peak_dbfs=min(meter.peak_dbfs, 0.0),
        reduction_db=guard.reduction_db,
    )
