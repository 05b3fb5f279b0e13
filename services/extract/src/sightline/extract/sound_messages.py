"""Sound as messages: what is asked of it, and what was made."""

from __future__ import annotations

import math
from pathlib import Path

from sightline.common.errors import FieldViolation, InvalidRequest
from sightline.common.media.saying import duration, seconds
from sightline.extract.sound import ExtractOptions, Mixed, MixOptions, Piece, SoundFormat
from sightline.v1 import extract_pb2
from sightline.v1.output_pb2 import OutputFile

CONTENT_TYPES = {".wav": "audio/wav", ".flac": "audio/flac", ".opus": "audio/ogg"}
_FORMATS = {
    extract_pb2.AUDIO_FORMAT_UNSPECIFIED: SoundFormat.WAV,
    extract_pb2.AUDIO_FORMAT_WAV: SoundFormat.WAV,
    extract_pb2.AUDIO_FORMAT_FLAC: SoundFormat.FLAC,
    extract_pb2.AUDIO_FORMAT_OPUS: SoundFormat.OPUS,
}
_RATE_HZ, _CHANNELS = 48_000, 2
# What a mix of nothing but silence is said to peak at: below the smallest sample of 16 bits.
_SILENCE_DBFS = -100.0


def extract_options(message: extract_pb2.ExtractAudioOptions) -> ExtractOptions:
    """Read how the sound of a film is written.

    Raises:
        InvalidRequest: the end is not after the start.
    """
    start, end = seconds(message.start), seconds(message.end) if message.HasField("end") else math.inf
    if end <= start:
        violation = FieldViolation("extract_audio.end", "must be after the start")
        raise InvalidRequest("the range of the sound is empty", [violation])
    return ExtractOptions(
        sample_rate_hz=message.sample_rate_hz,
        channels=message.channels,
        format=_FORMATS[message.format],
        start_seconds=start,
        end_seconds=end,
    )


def mix_options(message: extract_pb2.MixAudioOptions) -> MixOptions:
    """Read how pieces become one sound."""
    return MixOptions(
        sample_rate_hz=message.sample_rate_hz or _RATE_HZ,
        channels=message.channels or _CHANNELS,
        loudness_lufs=message.loudness_lufs if message.HasField("loudness_lufs") else None,
        format=_FORMATS[message.format],
    )


def piece(message: extract_pb2.AudioPiece, path: Path) -> Piece:
    """Read a piece whose recording lies in a file."""
    return Piece(
        str(path),
        seconds(message.start),
        gain_db=message.gain_db,
        skip_seconds=seconds(message.skip),
        length_seconds=seconds(message.length) if message.HasField("length") else math.inf,
        fade_in_seconds=seconds(message.fade_in),
        fade_out_seconds=seconds(message.fade_out),
    )


def mix_result(mixed: Mixed, audio: OutputFile) -> extract_pb2.MixAudioResult:
    """Say what was mixed."""
    return extract_pb2.MixAudioResult(
        audio=audio,
        duration=duration(mixed.duration_seconds),
        sample_rate_hz=mixed.sample_rate_hz,
        channels=mixed.channels,
        loudness_lufs=mixed.loudness_lufs,
        peak_dbfs=max(mixed.peak_dbfs, _SILENCE_DBFS),
        reduction_db=mixed.reduction_db,
    )
