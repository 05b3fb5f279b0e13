"""Recordings that are legal and rare: samples that are no numbers, many loudspeakers, times beyond all counting."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from sounding import encode, noise, read_wav, sweep, write_wav

from sightline.common.errors import MediaRejected, Reason
from sightline.common.settings import MediaLimits
from sightline.extract.sound import ExtractOptions, LocalSounds, MixOptions, Piece, extract_sound, mix

LIMITS = MediaLimits()


def write_floats(path: Path, sound: NDArray[np.float32], rate_hz: int = 48_000) -> Path:
    """Write one channel as WAV of 32-bit floats."""
    data = sound.astype("<f4").tobytes()
    form = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 3, 1, rate_hz, 4 * rate_hz, 4, 32
    )
    path.write_bytes(form + struct.pack("<4sI", b"data", len(data)) + data)
    return path


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_silence_and_nothing_else_changes(tmp_path: Path, odd: float) -> None:
    sound = sweep(1, 48_000, 1)[0]
    spoiled = sound.copy()
    spoiled[20_000] = odd
    sound[20_000] = 0
    extract_sound(write_floats(tmp_path / "a.wav", spoiled), tmp_path / "out.wav", ExtractOptions(), LIMITS)
    assert read_wav(tmp_path / "out.wav")[0].tolist() == np.rint(sound * 32_768).astype(int).tolist()


def test_a_mix_of_what_is_no_number_has_a_loudness(tmp_path: Path) -> None:
    sound = sweep(2, 48_000, 1)[0]
    plain = Piece(str(write_floats(tmp_path / "a.wav", sound)), 0.0)
    sound[50_000], sound[60_000] = np.nan, 3e38
    spoiled = Piece(str(write_floats(tmp_path / "b.wav", sound)), 0.0, gain_db=20)
    mixed = mix([plain, spoiled], LocalSounds(), tmp_path / "out.wav", MixOptions(loudness_lufs=-16), LIMITS)
    assert -70 < mixed.loudness_lufs < 0 and -70 < mixed.peak_dbfs <= 0
    assert np.abs(read_wav(tmp_path / "out.wav")[:, -20_000:]).max() > 300


@pytest.mark.parametrize("channels", [9, 17, 64])
@pytest.mark.parametrize("wanted", [0, 1])
def test_loudspeakers_that_nobody_placed_are_heard_by_their_mean(tmp_path: Path, channels: int, wanted: int) -> None:
    sound = noise(0.5, channels=channels)
    path = write_wav(tmp_path / "many.wav", sound, 48_000)
    extract_sound(path, tmp_path / "out.wav", ExtractOptions(channels=wanted), LIMITS)
    heard = read_wav(tmp_path / "out.wav")
    assert heard.shape == (wanted or 2, 24_000)
    for side in heard:
        np.testing.assert_allclose(side, sound.mean(axis=0), atol=0.6)


def test_what_is_too_slow_to_be_sound_is_refused(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "slow.wav", noise(1), 7)
    with pytest.raises(MediaRejected, match="7 samples a second") as caught:
        extract_sound(path, tmp_path / "out.wav", ExtractOptions(sample_rate_hz=16_000), LIMITS)
    assert caught.value.reason is Reason.MEDIA_UNSUPPORTED


@pytest.mark.parametrize("name", ["a.wav", "a.mkv", "a.mp3", "a.opus"])
def test_a_range_beyond_all_counting_has_no_sound(tmp_path: Path, name: str) -> None:
    codec = {".wav": "pcm_f32le", ".mkv": "aac", ".mp3": "libmp3lame", ".opus": "libopus"}[Path(name).suffix]
    if codec == "pcm_f32le":
        path = write_floats(tmp_path / name, sweep(1, 48_000, 1)[0])
    else:
        path = encode(tmp_path / name, codec, sweep(1, 48_000), 48_000)
    options = ExtractOptions(start_seconds=2.0**61, end_seconds=2.0**62)
    assert extract_sound(path, tmp_path / "out.wav", options, LIMITS).duration_seconds == 0


def test_a_fade_ends_with_the_sound_though_the_header_says_that_it_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "long.mp3"
    sound = np.concatenate((np.zeros(2 * 44_100), np.random.default_rng(1).standard_normal(18 * 44_100) * 0.1))
    with av.open(str(path), "w", options={"write_xing": "0"}) as file:
        # Of a rate that changes: its length is guessed by the first frames, which are of silence and short.
        options = {"global_quality": "118", "flags": "+qscale", "compression_level": "9"}
        stream = file.add_stream("libmp3lame", rate=44_100, layout="mono", options=options)
        for at in range(0, len(sound), 4410):
            part = sound[None, at : at + 4410].astype(np.float32)
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 44_100, at, Fraction(1, 44_100)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    with av.open(str(path)) as file:
        assert file.duration is not None and file.duration > 40e6
    for length in (30.0, np.inf):
        piece = Piece(str(path), 0.0, fade_out_seconds=2.0, length_seconds=length)
        mix([piece], LocalSounds(), tmp_path / "out.wav", MixOptions(channels=1), LIMITS)
        heard = read_wav(tmp_path / "out.wav")[0].astype(float)
        assert len(heard) == pytest.approx(20 * 48_000, abs=4_800)
        loud, faint = heard[10 * 48_000 : 11 * 48_000].std(), heard[-4_800:].std()
        assert faint < 0.06 * loud
