"""Recordings are read to the sample, at any rate and from anywhere."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from sounding import encode, noise, sweep, write_wav

from sightline.common.errors import MediaRejected, Reason
from sightline.common.settings import MediaLimits
from sightline.extract.sound.converting import Samples
from sightline.extract.sound.reading import SoundReader

LIMITS = MediaLimits()
FORMS = [
    ("a.flac", "flac", 44_100),
    ("a.m4a", "aac", 44_100),
    ("a.mp3", "libmp3lame", 44_100),
    ("a.opus", "libopus", 48_000),
    ("a.webm", "libopus", 48_000),
    ("a.mkv", "aac", 48_000),
    ("a.flv", "aac", 44_100),
    ("a.ts", "aac", 48_000),
]


def read_all(reader: SoundReader, part: int = 10_007) -> Samples:
    parts = []
    while (block := reader.read(part)).shape[1]:
        parts.append(block)
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize(("name", "codec", "rate_hz"), FORMS)
def test_what_is_sought_is_what_would_be_read_from_the_start(
    tmp_path: Path, name: str, codec: str, rate_hz: int
) -> None:
    path = encode(tmp_path / name, codec, sweep(4, rate_hz), rate_hz)
    for wanted_hz in (0, 16_000, 44_100):
        with SoundReader(path, LIMITS, wanted_hz) as reader:
            whole = read_all(reader)
            for at in (1, 777, reader.rate_hz, 2 * reader.rate_hz + 13, 3 * reader.rate_hz):
                reader.seek(at)
                np.testing.assert_allclose(reader.read(5000), whole[:, at : at + 5000], atol=2e-5)


@pytest.mark.parametrize("wanted_hz", [8_000, 16_000, 44_100, 48_000, 96_000])
def test_another_rate_keeps_the_sound_its_place_and_its_length(tmp_path: Path, wanted_hz: int) -> None:
    path = encode(tmp_path / "a.flac", "flac", sweep(4, 22_050), 22_050)
    with SoundReader(path, LIMITS, wanted_hz) as reader:
        heard = read_all(reader)
    assert heard.shape == (2, 4 * wanted_hz)
    inside = slice(wanted_hz // 10, -wanted_hz // 10)
    np.testing.assert_allclose(heard[:, inside], sweep(4, wanted_hz)[:, inside], atol=2e-4)


def test_samples_of_16_bits_come_as_they_are(tmp_path: Path) -> None:
    sound = noise(1.5, 44_100, channels=2)
    with SoundReader(write_wav(tmp_path / "a.wav", sound, 44_100), LIMITS) as reader:
        np.testing.assert_array_equal(read_all(reader), (sound / 32_768).astype(np.float32))


def test_one_channel_is_given_to_both_and_two_become_their_mean(tmp_path: Path) -> None:
    mono, stereo = noise(0.2), noise(0.2, channels=2)
    with SoundReader(write_wav(tmp_path / "m.wav", mono, 48_000), LIMITS, channels=2) as reader:
        np.testing.assert_array_equal(read_all(reader), (np.repeat(mono, 2, axis=0) / 32_768).astype(np.float32))
    with SoundReader(write_wav(tmp_path / "s.wav", stereo, 48_000), LIMITS, channels=1) as reader:
        np.testing.assert_allclose(read_all(reader)[0], stereo.mean(axis=0) / 32_768, atol=1e-7)


def test_a_gap_in_time_is_silence(tmp_path: Path) -> None:
    path, tone = tmp_path / "a.mkv", sweep(2, 48_000, channels=1)
    gapped = encode_with_gap(path, tone)
    with SoundReader(gapped, LIMITS) as reader:
        heard = read_all(reader)[0]
    assert np.abs(heard[49_000:95_000]).max() == 0
    np.testing.assert_allclose(heard[97_000:140_000], tone[0, 49_000:92_000], atol=1e-4)


def test_broadcasts_that_were_joined_are_read_to_the_end_though_their_form_changes(tmp_path: Path) -> None:
    one = encode(tmp_path / "1.ts", "aac", sweep(2, 48_000, channels=1), 48_000)
    two = encode(tmp_path / "2.ts", "aac", sweep(2, 48_000, channels=2), 48_000)
    both = tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() + two.read_bytes())
    with SoundReader(both, LIMITS) as reader:
        heard = read_all(reader)[0]
    assert len(heard) / 48_000 == pytest.approx(4, abs=0.15)
    assert np.abs(heard[100_000:180_000]).max() > 0.3


def encode_with_gap(path: Path, tone: Samples) -> Path:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("pcm_s16le", rate=48_000, layout="mono")
        for at in range(0, 96_000, 4800):
            frame = av.AudioFrame.from_ndarray(tone[:, at : at + 4800].copy(), format="fltp", layout="mono")
            frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
            frame.pts = at + (48_000 if at >= 48_000 else 0)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def test_a_file_without_sound_is_refused_with_its_reason(tmp_path: Path) -> None:
    text = tmp_path / "a.wav"
    text.write_text("no sound at all\n" * 100)
    with pytest.raises(MediaRejected) as refused:
        SoundReader(text, LIMITS)
    assert refused.value.reason in {Reason.MEDIA_CORRUPT, Reason.MEDIA_UNSUPPORTED}


def test_a_recording_that_is_too_long_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", noise(3), 48_000)
    with pytest.raises(MediaRejected) as refused:
        SoundReader(path, MediaLimits(max_video_seconds=2.5))
    assert refused.value.reason is Reason.MEDIA_TOO_LARGE


def test_a_recording_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", noise(2), 48_000)
    path.write_bytes(path.read_bytes()[:100_044])
    with SoundReader(path, LIMITS) as reader:
        assert read_all(reader).shape == (1, 50_000)
