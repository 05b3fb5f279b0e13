"""Sound through the gateway: taken out of films, and mixed from pieces."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from films import SAMPLE_RATE, lecture, tone
from numpy.typing import NDArray

from sightline.client import JobFailed, Sightline
from sightline.v1.extract_pb2 import (
    AUDIO_FORMAT_FLAC,
    AudioPiece,
    ExtractAudioOptions,
    ExtractAudioResult,
    MixAudioOptions,
    MixAudioResult,
)
from sightline.v1.job_pb2 import JobResult, JobSpec


def result(sightline: Sightline, spec: JobSpec) -> JobResult:
    job = sightline.jobs.wait(sightline.jobs.create(spec), timeout=120)
    (one,) = sightline.jobs.results(job)
    return one


def samples(sightline: Sightline, media: str, folder: Path) -> NDArray[np.float32]:
    """Download a sound and decode it: channels x samples, -1 to 1."""
    data = sightline.media.download(media, folder / "sound").read_bytes()
    with av.open(io.BytesIO(data)) as container:
        resampler = av.AudioResampler(format="fltp")
        return np.concatenate([r.to_ndarray() for f in container.decode(audio=0) for r in resampler.resample(f)], 1)


def piece(media: str, start_seconds: float, **more: float) -> AudioPiece:
    made = AudioPiece(media=media, **more)
    made.start.FromMilliseconds(round(start_seconds * 1000))
    return made


def pitch(sound: NDArray[np.float32], rate: int) -> float:
    """The strongest frequency of one channel, in hertz."""
    spectrum = np.abs(np.fft.rfft(sound))
    return float(np.fft.rfftfreq(len(sound), 1 / rate)[spectrum.argmax()])


def test_the_sound_of_a_film_becomes_a_file(sightline: Sightline, tmp_path: Path) -> None:
    film = lecture(tmp_path / "film.mp4", seconds_each=1.0)
    options = ExtractAudioOptions(format=AUDIO_FORMAT_FLAC, channels=1)
    options.start.FromSeconds(1)
    options.end.FromSeconds(2)
    spec = JobSpec(media=sightline.media.upload(film).name, extract_audio=options)
    made: ExtractAudioResult = result(sightline, spec).extract_audio
    assert (made.audio.content_type, made.sample_rate_hz, made.channels) == ("audio/flac", SAMPLE_RATE, 1)
    assert made.duration.ToTimedelta().total_seconds() == pytest.approx(1.0, abs=0.01)
    heard = samples(sightline, made.audio.media, tmp_path)
    assert pitch(heard[0], SAMPLE_RATE) == pytest.approx(440, abs=3)


def test_pieces_are_mixed_on_one_time_line(sightline: Sightline, tmp_path: Path) -> None:
    low = sightline.media.upload(tone(tmp_path / "low.wav", hertz=300)).name
    high = sightline.media.upload(tone(tmp_path / "high.wav", hertz=900)).name
    pieces = [piece(low, 0.0), piece(high, 2.0, gain_db=6.0), piece(low, 4.0)]
    made: MixAudioResult = result(sightline, JobSpec(mix_audio=MixAudioOptions(pieces=pieces, channels=1))).mix_audio
    assert made.duration.ToTimedelta().total_seconds() == pytest.approx(5.0, abs=0.01)
    assert (made.audio.content_type, made.audio.file_name, made.reduction_db) == ("audio/wav", "mix.wav", 0)
    heard = samples(sightline, made.audio.media, tmp_path)[0]
    seconds = heard[: 5 * SAMPLE_RATE].reshape(5, SAMPLE_RATE)
    assert [round(pitch(seconds[at], SAMPLE_RATE)) for at in (0, 2, 4)] == [300, 900, 300]
    assert np.abs(seconds[1]).max() < 1e-3
    assert np.abs(seconds[2]).max() == pytest.approx(0.1 * 10 ** (6 / 20), rel=0.02)


def test_a_film_without_sound_is_refused_with_its_reason(sightline: Sightline, tmp_path: Path) -> None:
    film = lecture(tmp_path / "film.mp4", seconds_each=1.0, sound=False)
    spec = JobSpec(media=sightline.media.upload(film).name, extract_audio=ExtractAudioOptions())
    with pytest.raises(JobFailed, match="sound"):
        result(sightline, spec)


def test_an_empty_range_is_refused_with_its_reason(sightline: Sightline, tmp_path: Path) -> None:
    options = ExtractAudioOptions()
    options.start.FromSeconds(2)
    options.end.FromSeconds(1)
    spec = JobSpec(media=sightline.media.upload(tone(tmp_path / "tone.wav")).name, extract_audio=options)
    with pytest.raises(JobFailed, match="empty"):
        result(sightline, spec)
