"""Take the sound out of a film or a recording."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from sightline.common.settings import MediaLimits
from sightline.extract.sound.converting import Samples
from sightline.extract.sound.guarding import Guard, guarded
from sightline.extract.sound.options import ExtractOptions, Progress, Sound
from sightline.extract.sound.reading import SoundReader
from sightline.extract.sound.writing import SoundWriter, written_rate


def extract_sound(
    film: Path,
    out: Path,
    options: ExtractOptions,
    limits: MediaLimits,
    *,
    progress: Progress = lambda _share: None,
) -> Sound:
    """Write the sound of a film or a recording to a file, of any length in bounded memory.

    The file begins exactly where the media does, or where the options say: sound that begins later in a film is
    silence until then.

    Args:
        film: a film or a recording on this machine.
        out: where to; a file there is replaced, and left with an error it is deleted.
        options: what of it, and how it is written.
        limits: what is accepted.
        progress: told the share that is done; what it raises ends the work.

    Returns:
        What was written; of no duration where the range is after the end.

    Raises:
        MediaRejected: MEDIA_UNSUPPORTED (no sound, or of no known kind), MEDIA_CORRUPT or MEDIA_TOO_LARGE.
    """
    with SoundReader(film, limits, options.sample_rate_hz, options.channels) as reader:
        rate = written_rate(reader.rate_hz, options.format)
        reader.resample(rate)
        with SoundWriter(out, options.format, rate, reader.channels) as writer:
            written = 0
            for block in guarded(_range(reader, options, progress), Guard(rate, reader.channels)):
                writer.write(block)
                written += block.shape[1]
    progress(1.0)
    return Sound(written / rate, rate, reader.channels)


def _range(reader: SoundReader, options: ExtractOptions, progress: Progress) -> Iterator[Samples]:
    rate = reader.rate_hz
    at = first = round(options.start_seconds * rate)
    length = reader.duration_seconds or math.inf
    expected = max(min(options.end_seconds, length) - options.start_seconds, 1 / rate)
    reader.seek(first)
    while at / rate < options.end_seconds:
        left = math.inf if math.isinf(options.end_seconds) else round(options.end_seconds * rate) - at
        block = reader.read(int(min(rate, left)))
        if not block.shape[1]:
            return
        yield block
        at += block.shape[1]
        progress(min((at - first) / rate / expected, 1.0) if math.isfinite(expected) else 0.0)
