"""What is said is written down, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sightline.common.errors import InvalidRequest, MediaRejected, Reason, SightlineError
from sightline.common.models import ModelStore
from sightline.common.settings import MediaLimits, ModelSettings
from sightline.extract.speech import ChunkTranscriber, EngineInfo, Segment, load_transcriber
from sightline.extract.speech.hearing import SpeechModel

RATE_HZ = 16_000
Sound = NDArray[np.float32]
Save = Callable[[Sound], Path]
# Source: test/data/librivox/transcription of PocketSphinx.
TEXT = (
    "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do for "
    "them he was not an ill disposed young man unless to be rather cold hearted and rather selfish is to be ill "
    "disposed had he married a more amiable woman he might have been made still more respectable than he was he might "
    "even have been made amiable himself"
)


def told(share: float) -> None:
    """Hear of progress."""


def words_of(segments: Sequence[Segment]) -> list[str]:
    text = " ".join(segment.text for segment in segments).lower().replace("mr.", "mister").replace("-", " ")
    return re.sub("[^a-z ]", "", text.replace("mr ", "mister ")).split()


def word_error_rate(truth: Sequence[str], heard: Sequence[str]) -> float:
    row = list(range(len(heard) + 1))
    for wanted, word in enumerate(truth, 1):
        diagonal, row[0] = row[0], wanted
        for place, other in enumerate(heard, 1):
            diagonal, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, diagonal + (word != other))
    return row[-1] / len(truth)


def with_pauses(sounds: Sequence[Sound], seconds: float) -> Sound:
    pause = np.zeros(int(seconds * RATE_HZ), np.float32)
    return np.concatenate([part for sound in sounds for part in (sound, pause)])


def test_whisper_writes_read_speech_down(whisper: ChunkTranscriber, sentences: list[Sound], save: Save) -> None:
    made = whisper.transcribe(save(with_pauses(sentences, 0.5)), "en", told)
    assert word_error_rate(TEXT.split(), words_of(made.segments)) <= 0.1
    assert made.language == "en"
    assert made.duration == pytest.approx(27.23, abs=0.01)
    assert all(0 < segment.score <= 1 for segment in made.segments)


def test_the_last_resort_understands_most_of_it(sphinx: ChunkTranscriber, sentences: list[Sound], save: Save) -> None:
    made = sphinx.transcribe(save(sentences[4]), "en", told, words=True)
    assert word_error_rate(TEXT.split()[-8:], words_of(made.segments)) <= 0.4
    assert [word.text for segment in made.segments for word in segment.words] == words_of(made.segments)


def test_speech_has_its_time_however_long_the_silence_before_it(
    whisper: ChunkTranscriber, sentences: list[Sound], save: Save
) -> None:
    starts = [8.0, 47.5, 171.25]
    sound = np.zeros(180 * RATE_HZ, np.float32)
    for start, sentence in zip(starts, (sentences[1], sentences[4], sentences[1]), strict=True):
        sound[int(start * RATE_HZ) :][: len(sentence)] = sentence
    made = whisper.transcribe(save(sound), "en", told, words=True)
    assert [segment.start for segment in made.segments] == pytest.approx(starts, abs=0.5)
    assert [segment.words[0].start for segment in made.segments] == pytest.approx(starts, abs=0.5)
    assert all(word.start <= word.end for segment in made.segments for word in segment.words)


@pytest.mark.parametrize("engine", ["whisper", "sphinx"])
def test_silence_noise_and_music_give_no_words(engine: str, request: pytest.FixtureRequest, save: Save) -> None:
    transcriber: ChunkTranscriber = request.getfixturevalue(engine)
    times, random = np.arange(12 * RATE_HZ) / RATE_HZ, np.random.default_rng(4)
    noise = random.standard_normal(len(times)).astype(np.float32) * 0.1
    rumble = np.cumsum(random.standard_normal(len(times)))
    chords = sum(
        np.sin(2 * np.pi * base * ratio * times) * np.exp(-3 * (times % 0.5)) / 8
        for base in (220.0, 277.18)
        for ratio in (1, 2, 3)
    )
    sound = np.concatenate([np.zeros_like(noise), noise, rumble / np.abs(rumble).max() * 0.3, chords])
    assert transcriber.transcribe(save(sound.astype(np.float32)), "en", told).segments == ()


def test_the_same_sound_gives_the_same_text(whisper: ChunkTranscriber, sentences: list[Sound], save: Save) -> None:
    path = save(sentences[1])
    assert whisper.transcribe(path, "en", told) == whisper.transcribe(path, "en", told)


def test_noise_over_speech_does_not_make_segments_overlap(
    whisper: ChunkTranscriber, sentences: list[Sound], save: Save
) -> None:
    sound = with_pauses(sentences[:2], 2.5)
    sound += np.random.default_rng(2).standard_normal(len(sound)).astype(np.float32) * 0.02
    segments = whisper.transcribe(save(sound), "en", told).segments
    edges = [edge for segment in segments for edge in (segment.start, segment.end)]
    assert edges == sorted(edges)
    assert edges[-1] <= len(sound) / RATE_HZ


@pytest.mark.parametrize("engine", ["whisper", "sphinx"])
@pytest.mark.parametrize("language", ["de", "de-AT", "zz"])
def test_a_language_that_the_model_does_not_know_is_refused_with_what_to_do(
    engine: str, language: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    transcriber: ChunkTranscriber = request.getfixturevalue(engine)
    with pytest.raises(InvalidRequest, match=r"English only.*multilingual") as refused:
        transcriber.transcribe(tmp_path / "not even looked at", language, told)
    assert refused.value.violations[0].field == "language_code"


@pytest.mark.parametrize("language", ["en", "en-GB", "EN", ""])
def test_any_english_is_english(whisper: ChunkTranscriber, language: str) -> None:
    whisper.check_language(language)


def test_a_language_that_is_to_be_heard_is_told(whisper: ChunkTranscriber, sentences: list[Sound], save: Save) -> None:
    assert whisper.transcribe(save(sentences[1]), "und", told).language == "en"


class Polyglot:
    """An engine that hears German in everything."""

    info = EngineInfo("polyglot", "1", "")

    def code(self, language: str) -> str | None:
        return None if language == "und" else language

    def write_down(self, samples: Sound, code: str | None, *, words: bool) -> tuple[str, list[Segment]]:
        return code or "de", [Segment(0.0, 1.0, "ja", 0.9)]


def test_no_language_is_heard_where_nobody_speaks(speech_store: ModelStore, sentences: list[Sound], save: Save) -> None:
    polyglot = ChunkTranscriber(Polyglot(), SpeechModel(speech_store.path("silero-vad")), MediaLimits())
    assert polyglot.transcribe(save(np.zeros(3 * RATE_HZ, np.float32)), "und", told).language == "und"
    assert polyglot.transcribe(save(sentences[1]), "und", told).language == "de"
    assert polyglot.transcribe(save(np.zeros(3 * RATE_HZ, np.float32)), "fr-CA", told).language == "fr-CA"


def test_progress_grows_to_one_in_silence_too(whisper: ChunkTranscriber, sentences: list[Sound], save: Save) -> None:
    shares: list[float] = []
    silence = np.zeros(40 * RATE_HZ, np.float32)
    whisper.transcribe(save(np.concatenate([silence, sentences[1], silence])), "en", shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 15


def test_work_that_is_cancelled_ends(whisper: ChunkTranscriber, sentences: list[Sound], save: Save) -> None:
    def cancel(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        whisper.transcribe(save(sentences[1]), "en", cancel)


def test_a_file_without_sound_is_refused(whisper: ChunkTranscriber, tmp_path: Path) -> None:
    path = tmp_path / "text.wav"
    path.write_text("no sound " * 100)
    with pytest.raises(MediaRejected):
        whisper.transcribe(path, "en", told)


def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(SightlineError, match="sightline models fetch") as missing:
        load_transcriber("whisper-tiny.en", ModelStore(ModelSettings(folder=tmp_path)), MediaLimits())
    assert missing.value.reason is Reason.MODEL_UNAVAILABLE


def test_a_folder_of_the_operator_is_a_model(
    speech_store: ModelStore, tmp_path: Path, sentences: list[Sound], save: Save
) -> None:
    folder = tmp_path / "my-whisper"
    folder.mkdir()
    for part in ("", "-config", "-tokenizer", "-vocabulary"):
        path = speech_store.path(f"whisper-tiny.en{part}")
        (folder / path.name).symlink_to(path.resolve())
    own = load_transcriber(str(folder), speech_store, MediaLimits())
    assert (own.info.name, own.info.sha256) == ("my-whisper", speech_store.entry("whisper-tiny.en").sha256)
    assert own.transcribe(save(sentences[1]), "en", told).segments


def test_a_folder_that_lacks_a_file_is_refused_and_nothing_is_fetched(speech_store: ModelStore, tmp_path: Path) -> None:
    path = speech_store.path("whisper-tiny.en")
    (tmp_path / path.name).symlink_to(path.resolve())
    with pytest.raises(SightlineError, match=r"no tokenizer\.json") as missing:
        load_transcriber(str(tmp_path), speech_store, MediaLimits())
    assert missing.value.reason is Reason.MODEL_UNAVAILABLE
