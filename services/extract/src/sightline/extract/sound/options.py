"""What is asked of sound and what is answered: pieces on a time line, formats, results."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

Progress = Callable[[float], None]
"""Told the share that is done, 0 to 1, at least once a second of work; what it raises ends the work."""


class SoundFormat(StrEnum):
    """How sound is written."""

    WAV = "wav"
    """16 bits a sample; RF64 above 4 GiB."""
    FLAC = "flac"
    """16 bits a sample."""
    OPUS = "opus"
    """In Ogg; at 48000 samples a second unless 8000, 12000, 16000 or 24000 are asked for."""


@dataclass(frozen=True, slots=True)
class ExtractOptions:
    """How the sound of a film or a recording becomes a file.

    Attributes:
        sample_rate_hz: of the result, 8000 to 192000; 0 means as the media has it.
        channels: of the result, 1 or 2; 0 means as the media has it, and 2 where it has more.
        format: how it is written.
        start_seconds: where to begin, from the start of the media.
        end_seconds: where to end.
    """

    sample_rate_hz: int = 0
    channels: int = 0
    format: SoundFormat = SoundFormat.WAV
    start_seconds: float = 0.0
    end_seconds: float = math.inf


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound that was written.

    Attributes:
        duration_seconds: how long it is.
        sample_rate_hz: samples a second.
        channels: 1 or 2.
    """

    duration_seconds: float
    sample_rate_hz: int
    channels: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of sound on the time line of a mix; times are rounded to the nearest sample of the mix.

    Attributes:
        sound: the key of its recording, which `Sounds.fetch` turns into a file.
        start_seconds: when it begins in the mix, 0 or more.
        gain_db: how much louder it is made, in decibels.
        skip_seconds: how much of the beginning of the recording is left out.
        length_seconds: how much of the recording is heard; to its end where that comes first.
        fade_in_seconds: how long it takes to become as loud as it is (a straight line in amplitude).
        fade_out_seconds: how long it takes to become silent at its end.
    """

    sound: str
    start_seconds: float
    gain_db: float = 0.0
    skip_seconds: float = 0.0
    length_seconds: float = math.inf
    fade_in_seconds: float = 0.0
    fade_out_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class MixOptions:
    """How pieces become one sound.

    Attributes:
        sample_rate_hz: of the result, 8000 to 192000.
        channels: of the result, 1 or 2.
        loudness_lufs: how loud the result is made (ITU-R BS.1770), -70 to -5; None leaves it as it is.
        format: how it is written.
        max_open: recordings that are open at the same time at most; more may sound at once.
    """

    sample_rate_hz: int = 48_000
    channels: int = 2
    loudness_lufs: float | None = None
    format: SoundFormat = SoundFormat.WAV
    max_open: int = 64


@dataclass(frozen=True, slots=True)
class Mixed(Sound):
    """A mix that was written.

    Attributes:
        loudness_lufs: how loud it is (ITU-R BS.1770-4, gated); -70 for silence, or for less than 0.4 seconds.
        peak_dbfs: the largest sample, in decibels, 0 or less; -inf for silence.
        reduction_db: how much was taken away at most so that nothing clips, 0 or more.
    """

    loudness_lufs: float
    peak_dbfs: float
    reduction_db: float
