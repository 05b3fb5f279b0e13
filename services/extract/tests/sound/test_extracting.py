"""The sound of films becomes files."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from sounding import encode, noise, read_wav, sweep, write_wav

from sightline.common.errors import MediaRejected, Reason
from sightline.common.settings import MediaLimits
from sightline.extract.sound import ExtractOptions, Sound, SoundFormat, extract_sound

LIMITS = MediaLimits()
Film = Callable[[float, float], Path]


def click_seconds(path: Path) -> float:
    sound = np.abs(read_wav(path)[0].astype(np.int32))
    return float(np.argmax(sound > 8000)) / 48_000


@pytest.mark.parametrize(("pictures", "sound"), [(0.0, 0.0), (0.0, 0.6), (0.4, 0.0), (0.2, 0.5)])
def test_sound_stays_with_the_pictures_whichever_begins_first(
    film: Film, tmp_path: Path, pictures: float, sound: float
) -> None:
    extract_sound(film(pictures, sound), tmp_path / "out.wav", ExtractOptions(), LIMITS)
    # An encoder smears a click over part of its frame.
    assert click_seconds(tmp_path / "out.wav") == pytest.approx(1 + sound - pictures, abs=0.012)


def test_a_wav_comes_out_as_it_went_in(tmp_path: Path) -> None:
    sound = noise(2.3, 44_100, channels=2, level=9000)
    path = write_wav(tmp_path / "in.wav", sound, 44_100)
    assert extract_sound(path, tmp_path / "out.wav", ExtractOptions(), LIMITS) == Sound(2.3, 44_100, 2)
    np.testing.assert_array_equal(read_wav(tmp_path / "out.wav"), sound)


def test_a_range_is_cut_to_the_sample(tmp_path: Path) -> None:
    sound = noise(3, 8_000)
    options = ExtractOptions(start_seconds=1.0005, end_seconds=2.25)
    extract_sound(write_wav(tmp_path / "in.wav", sound, 8_000), tmp_path / "out.wav", options, LIMITS)
    np.testing.assert_array_equal(read_wav(tmp_path / "out.wav"), sound[:, 8004:18_000])


def test_a_range_after_the_end_gives_a_file_without_sound(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "in.wav", noise(1), 48_000)
    made = extract_sound(path, tmp_path / "out.wav", ExtractOptions(start_seconds=5), LIMITS)
    assert made.duration_seconds == 0
    assert read_wav(tmp_path / "out.wav").shape == (1, 0)


@pytest.mark.parametrize(("form", "codec"), [(SoundFormat.FLAC, "flac"), (SoundFormat.OPUS, "opus")])
def test_each_format_holds_the_whole_sound(tmp_path: Path, form: SoundFormat, codec: str) -> None:
    path = encode(tmp_path / "in.flac", "flac", sweep(2, 44_100), 44_100)
    made = extract_sound(path, tmp_path / "out", ExtractOptions(format=form), LIMITS)
    assert made == Sound(2.0, 48_000 if form is SoundFormat.OPUS else 44_100, 2)
    with av.open(str(tmp_path / "out")) as file:
        assert file.streams.audio[0].codec_context.name.startswith(codec)
        heard = sum(frame.samples for frame in file.decode(audio=0))
    assert heard == 2 * made.sample_rate_hz


def test_flac_loses_nothing(tmp_path: Path) -> None:
    sound = noise(1.1, 48_000, channels=2)
    path = write_wav(tmp_path / "in.wav", sound, 48_000)
    extract_sound(path, tmp_path / "a.flac", ExtractOptions(format=SoundFormat.FLAC), LIMITS)
    extract_sound(tmp_path / "a.flac", tmp_path / "out.wav", ExtractOptions(), LIMITS)
    np.testing.assert_array_equal(read_wav(tmp_path / "out.wav"), sound)


def test_a_wav_keeps_room_for_the_header_that_it_needs_above_4_gib(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "in.wav", noise(0.1), 48_000)
    extract_sound(path, tmp_path / "out.wav", ExtractOptions(), LIMITS)
    assert (tmp_path / "out.wav").read_bytes()[12:16] == b"JUNK"


def test_rate_and_channels_are_as_they_were_asked_for(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "in.wav", noise(1, 44_100, channels=2), 44_100)
    made = extract_sound(path, tmp_path / "out.wav", ExtractOptions(sample_rate_hz=16_000, channels=1), LIMITS)
    assert made == Sound(1.0, 16_000, 1)
    assert read_wav(tmp_path / "out.wav").shape == (1, 16_000)


def test_a_picture_has_no_sound_and_leaves_no_file(film: Film, tmp_path: Path) -> None:
    with av.open(str(tmp_path / "mute.mp4"), "w") as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        file.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        file.mux(stream.encode(None))
    with pytest.raises(MediaRejected) as refused:
        extract_sound(tmp_path / "mute.mp4", tmp_path / "out.wav", ExtractOptions(), LIMITS)
    assert refused.value.reason is Reason.MEDIA_UNSUPPORTED
    assert not (tmp_path / "out.wav").exists()


def test_work_that_is_cancelled_ends_and_leaves_no_file(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "in.wav", noise(5), 48_000)

    def cancel(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        extract_sound(path, tmp_path / "out.wav", ExtractOptions(), LIMITS, progress=cancel)
    assert not (tmp_path / "out.wav").exists()


def test_progress_grows_to_one(tmp_path: Path) -> None:
    shares: list[float] = []
    path = write_wav(tmp_path / "in.wav", noise(4), 48_000)
    extract_sound(path, tmp_path / "out.wav", ExtractOptions(end_seconds=math.inf), LIMITS, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 3
