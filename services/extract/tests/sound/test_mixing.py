"""A mix is the sum of its pieces, to the sample."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sounding import Sound, noise, read_wav, write_wav

from sightline.common.errors import InvalidRequest, MediaRejected, Reason, SightlineError
from sightline.common.settings import MediaLimits
from sightline.extract.sound import LocalSounds, MixOptions, Piece, mix

LIMITS = MediaLimits()
RATE = 8_000
STEREO, MONO = MixOptions(RATE, 2), MixOptions(RATE, 1)


@dataclass
class Media:
    """Recordings by name, each a file and its samples; remembers what the mix asks for."""

    folder: Path
    sounds: dict[str, Sound] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    held: set[str] = field(default_factory=set)

    def add(self, key: str, sound: Sound, rate_hz: int = RATE) -> None:
        write_wav(self.folder / f"{key}.wav", sound, rate_hz)
        self.sounds[key] = sound

    def fetch(self, key: str) -> Path:
        assert key not in self.held
        self.asked.append(f"fetch {key}")
        self.held.add(key)
        return self.folder / f"{key}.wav"

    def release(self, key: str, *, needed_again: bool) -> None:
        self.asked.append(f"release {key}{' for now' if needed_again else ''}")
        self.held.remove(key)


@pytest.fixture
def media(tmp_path: Path) -> Media:
    made = Media(tmp_path)
    for number, (seconds, channels) in enumerate([(1.3, 1), (0.4, 2), (2.7, 2), (0.05, 1), (12.0, 1)]):
        made.add("abcde"[number], noise(seconds, RATE, channels, seed=number))
    return made


def reference(pieces: list[Piece], media: Media, channels: int) -> NDArray[np.float64]:
    """Mix everything at once in memory, one piece after the other, as the definition of a mix says."""
    total = np.zeros((channels, 60 * RATE))
    end = 0
    for piece in pieces:
        sound = media.sounds[piece.sound].astype(np.float64)
        skip = round(piece.skip_seconds * RATE)
        heard = sound[:, skip:]
        if math.isfinite(piece.length_seconds):
            heard = heard[:, : round(piece.length_seconds * RATE)]
        heard = np.repeat(heard, 2, axis=0) if channels > heard.shape[0] else heard
        heard = heard.mean(axis=0, keepdims=True) if channels < heard.shape[0] else heard
        count, places = heard.shape[1], np.arange(heard.shape[1])
        gains = np.full(count, 10 ** (piece.gain_db / 20))
        if piece.fade_in_seconds:
            gains *= np.minimum(places / round(piece.fade_in_seconds * RATE), 1)
        if piece.fade_out_seconds:
            gains *= np.minimum((count - 1 - places) / round(piece.fade_out_seconds * RATE), 1)
        start = round(piece.start_seconds * RATE)
        total[:, start : start + count] += heard * gains
        end = max(end, start + count)
    return total[:, :end]


def assert_is_reference(out: Path, pieces: list[Piece], media: Media, channels: int) -> None:
    expected = reference(pieces, media, channels)
    heard = read_wav(out)
    assert heard.shape == expected.shape
    assert np.abs(heard - expected).max() <= 0.51  # rounded to the nearest of 16 bits


@pytest.mark.parametrize("options", [STEREO, MONO])
@pytest.mark.parametrize("seed", range(4))
def test_a_mix_of_anything_is_what_its_definition_says(
    tmp_path: Path, media: Media, options: MixOptions, seed: int
) -> None:
    random = np.random.default_rng(seed)
    pieces = [
        Piece(
            sound="abcde"[random.integers(5)],
            start_seconds=float(random.uniform(0, 9)),
            gain_db=float(random.uniform(-20, 1)),
            skip_seconds=float(random.choice([0, 0.02])),
            length_seconds=float(random.choice([math.inf, 0.3, 11.0])),
            fade_in_seconds=float(random.choice([0, 0.013])),
            fade_out_seconds=float(random.choice([0, 0.5, 0.02])),
        )
        for _ in range(25)
    ]
    mixed = mix(pieces, media, tmp_path / "out.wav", options, LIMITS)
    assert_is_reference(tmp_path / "out.wav", pieces, media, options.channels)
    assert mixed.reduction_db == 0
    assert mixed.duration_seconds == reference(pieces, media, options.channels).shape[1] / RATE
    assert not media.held


@pytest.mark.parametrize("max_open", [1, 3])
def test_more_pieces_than_may_be_open_sound_at_once(tmp_path: Path, media: Media, max_open: int) -> None:
    for number in range(12):
        media.add(f"long{number}", noise(3, RATE, seed=number, level=800))
    pieces = [Piece(f"long{number}", number / 10, skip_seconds=number / 50) for number in range(12)]
    mix(pieces, media, tmp_path / "out.wav", replace(STEREO, max_open=max_open), LIMITS)
    assert_is_reference(tmp_path / "out.wav", pieces, media, 2)


def test_a_gap_is_silence_and_the_first_piece_may_be_late(tmp_path: Path, media: Media) -> None:
    pieces = [Piece("d", 5.5), Piece("b", 2.25)]
    mix(pieces, media, tmp_path / "out.wav", STEREO, LIMITS)
    assert_is_reference(tmp_path / "out.wav", pieces, media, 2)


def test_each_recording_is_fetched_when_its_time_is_near_and_let_go_after_it(tmp_path: Path, media: Media) -> None:
    pieces = [Piece("e", 7, length_seconds=1), Piece("a", 0.5), Piece("e", 0, length_seconds=1)]
    mix(pieces, media, tmp_path / "out.wav", STEREO, LIMITS)
    assert media.asked == ["fetch e", "fetch a", "release e for now", "release a", "fetch e", "release e"]


def test_a_short_recording_that_comes_again_is_remembered(tmp_path: Path, media: Media) -> None:
    pieces = [Piece("b", number) for number in range(9)]
    mix(pieces, media, tmp_path / "out.wav", STEREO, LIMITS)
    assert media.asked == ["fetch b", "release b for now"]
    assert_is_reference(tmp_path / "out.wav", pieces, media, 2)


def test_one_recording_under_many_pieces_at_once_is_fetched_once(tmp_path: Path, media: Media) -> None:
    pieces = [Piece("e", 0.01 * number, gain_db=-20, skip_seconds=0.1 * number) for number in range(50)]
    mix(pieces, media, tmp_path / "out.wav", STEREO, LIMITS)
    assert media.asked == ["fetch e", "release e"]
    assert_is_reference(tmp_path / "out.wav", pieces, media, 2)


def test_what_is_too_loud_is_guarded_and_told(tmp_path: Path, media: Media) -> None:
    pieces = [Piece("c", 0, gain_db=20), Piece("a", 5)]
    mixed = mix(pieces, media, tmp_path / "out.wav", STEREO, LIMITS)
    expected = reference(pieces, media, 2)
    heard = read_wav(tmp_path / "out.wav")
    assert mixed.reduction_db == pytest.approx(20 * np.log10(np.abs(expected).max() / 32768), abs=0.3)
    assert -0.1 < mixed.peak_dbfs <= 0
    # The piece that fits is left as it is.
    assert np.abs(heard[:, 5 * RATE :] - expected[:, 5 * RATE :]).max() <= 0.51


@pytest.mark.parametrize("wanted", [-30.0, -20.0])
def test_a_mix_is_made_as_loud_as_it_is_asked_for(tmp_path: Path, media: Media, wanted: float) -> None:
    options = replace(STEREO, loudness_lufs=wanted)
    mixed = mix([Piece("e", 0), Piece("c", 2)], media, tmp_path / "out.wav", options, LIMITS)
    assert mixed.loudness_lufs == pytest.approx(wanted, abs=0.1)
    assert mixed.reduction_db == 0
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".wav"] == []


def test_silence_stays_silent_however_loud_it_should_be(tmp_path: Path, media: Media) -> None:
    media.add("silence", np.zeros((1, RATE), np.int16))
    options = replace(STEREO, loudness_lufs=-16.0)
    mixed = mix([Piece("silence", 0)], media, tmp_path / "out.wav", options, LIMITS)
    assert mixed.loudness_lufs == -70
    assert mixed.peak_dbfs == -math.inf
    assert not read_wav(tmp_path / "out.wav").any()


def test_another_rate_is_heard_at_its_time_and_pitch(tmp_path: Path, media: Media) -> None:
    times = np.arange(22_050) / 22_050
    media.add("tone", np.rint(9000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)[None], 22_050)
    mix([Piece("tone", 0.5, skip_seconds=0.25)], media, tmp_path / "out.wav", MixOptions(48_000, 1), LIMITS)
    heard = read_wav(tmp_path / "out.wav")[0]
    assert heard.shape == (60_000,)
    expected = 9000 * np.sin(2 * np.pi * 440 * (np.arange(36_000) / 48_000 + 0.25))
    assert np.abs(heard[24_500:59_000] - expected[500:35_000]).max() < 5


def test_no_pieces_are_an_invalid_request(tmp_path: Path, media: Media) -> None:
    with pytest.raises(InvalidRequest):
        mix([], media, tmp_path / "out.wav", STEREO, LIMITS)


@pytest.mark.parametrize("fade_seconds", [0.0, 0.1])
def test_a_piece_that_leaves_out_all_of_its_recording_is_named(
    tmp_path: Path, media: Media, fade_seconds: float
) -> None:
    pieces = [Piece("a", 0), Piece("b", 1, skip_seconds=0.5, fade_out_seconds=fade_seconds)]
    with pytest.raises(InvalidRequest, match="piece 1 of the mix") as refused:
        mix(pieces, media, tmp_path / "out.wav", STEREO, LIMITS)
    assert refused.value.violations[0].field == "pieces[1].skip"
    assert not media.held
    assert not (tmp_path / "out.wav").exists()


def test_a_piece_that_is_no_sound_is_named(tmp_path: Path, media: Media) -> None:
    (tmp_path / "text.wav").write_text("not sound")
    with pytest.raises(MediaRejected, match="piece 1 of the mix"):
        mix([Piece("a", 0), Piece("text", 0.5)], media, tmp_path / "out.wav", STEREO, LIMITS)
    assert not media.held


def test_a_recording_that_is_gone_ends_the_mix_with_its_reason(tmp_path: Path) -> None:
    class Gone(LocalSounds):
        def fetch(self, key: str) -> Path:
            raise SightlineError(Reason.MEDIA_GONE, "deleted")

    with pytest.raises(SightlineError) as ended:
        mix([Piece("a", 0)], Gone(), tmp_path / "out.wav", STEREO, LIMITS)
    assert ended.value.reason is Reason.MEDIA_GONE


def test_a_mix_that_is_cancelled_lets_everything_go(tmp_path: Path, media: Media) -> None:
    def cancel(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        mix([Piece("e", 0), Piece("c", 0)], media, tmp_path / "out.wav", STEREO, LIMITS, progress=cancel)
    assert not media.held
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize("loudness", [None, -20.0])
def test_progress_grows_to_one(tmp_path: Path, media: Media, loudness: float | None) -> None:
    shares: list[float] = []
    options = replace(STEREO, loudness_lufs=loudness)
    mix([Piece("e", 0), Piece("e", 9)], media, tmp_path / "out.wav", options, LIMITS, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_the_same_pieces_give_the_same_bytes(tmp_path: Path, media: Media) -> None:
    pieces = [Piece("abcde"[number % 5], number / 7, gain_db=3) for number in range(30)]
    for name in ("one.wav", "two.wav"):
        mix(pieces, media, tmp_path / name, STEREO, LIMITS)
    assert (tmp_path / "one.wav").read_bytes() == (tmp_path / "two.wav").read_bytes()
