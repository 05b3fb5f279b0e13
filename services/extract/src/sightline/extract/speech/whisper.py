"""Whisper, by faster-whisper on CTranslate2: the engine for when its model is there. Never touches the network."""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from faster_whisper import WhisperModel

from sightline.common.errors import Reason, SightlineError
from sightline.extract.speech.engine import TO_BE_HEARD, code_among
from sightline.extract.speech.hearing import Samples
from sightline.extract.speech.transcript import EngineInfo, Segment, Word

_NEEDED = ("model.bin", "config.json", "tokenizer.json")
# Text that gzip makes this much smaller repeats itself. Source: the default of Whisper (transcribe.py).
_REPEATS = 2.4
# Whisper's own bounds for what is no speech: likely silence, and an unlikely text.
_SILENT, _UNLIKELY = 0.6, -1.0


class WhisperEngine:
    """A Whisper model in memory.

    The same sound gives the same text on the same machine: nothing is drawn by chance. Where Whisper would try again
    with chance because it repeats itself, it is asked once more not to repeat any three words.
    """

    def __init__(self, model: WhisperModel, info: EngineInfo) -> None:
        """Take a loaded model; use `WhisperEngine.load`."""
        self._model = model
        self._info = info
        self._turn = threading.Lock()

    @classmethod
    def load(cls, files: Mapping[str, Path], info: EngineInfo, *, threads: int = 1) -> WhisperEngine:
        """Load a model in the format of CTranslate2; its weights are kept as 8-bit integers.

        Args:
            files: by their names: `model.bin`, `config.json`, `tokenizer.json`, `vocabulary.txt` or `.json`, and
                `preprocessor_config.json` where the model has one.
            info: what results are to say of it.
            threads: how many compute.

        Raises:
            SightlineError: MODEL_UNAVAILABLE where a file is missing, or they are no Whisper model.
        """
        missing = [name for name in _NEEDED if name not in files]
        if missing or not any(name.startswith("vocabulary.") for name in files):
            raise _unavailable(info, f"has no {' and no '.join(missing or ['vocabulary'])}")
        with tempfile.TemporaryDirectory(prefix="sightline-whisper-") as folder:
            for name, path in files.items():
                (Path(folder) / name).symlink_to(path.resolve())
            try:
                model = WhisperModel(
                    folder, device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
                )
            except (RuntimeError, ValueError) as error:
                raise _unavailable(info, f"can't be loaded: {error}") from error
        return cls(model, info)

    @property
    def info(self) -> EngineInfo:
        """Which model it is."""
        return self._info

    def code(self, language: str) -> str | None:
        """Give Whisper's code of a language; None where it is to be heard.

        Raises:
            InvalidRequest: the model does not know the language.
        """
        known = self._model.supported_languages
        if language == TO_BE_HEARD:
            return None if len(known) > 1 else known[0]
        return code_among(known, language, self._info.name)

    def write_down(self, samples: Samples, code: str | None, *, words: bool) -> tuple[str, list[Segment]]:
        """Write down a chunk of at most 30 seconds, as `Engine` says."""
        with self._turn:
            language, found = self._heard(samples, code, words)
            if any(part.compression_ratio > _REPEATS for part in found):
                language, found = self._heard(samples, code, words, no_repeat_ngram_size=3)
        said = (part for part in found if part.no_speech_prob <= _SILENT or part.avg_logprob >= _UNLIKELY)
        return language, [_segment(part) for part in said if part.text.strip()]

    def _heard(self, samples: Samples, code: str | None, words: bool, **more: int) -> tuple[str, list[Any]]:
        parts, info = self._model.transcribe(
            samples,
            language=code,
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,  # chunks stand alone: one that went wrong spoils no other
            word_timestamps=words,
            **more,
        )
        return info.language, list(parts)


def folder_files(folder: Path) -> dict[str, Path]:
    """List the files of a model that the operator put into a folder."""
    return {path.name: path for path in folder.iterdir() if path.suffix in {".bin", ".json", ".txt"}}


def _segment(part: Any) -> Segment:
    return Segment(
        part.start, part.end, part.text.strip(), math.exp(min(part.avg_logprob, 0.0)), _words(part.words or ())
    )


def _words(words: Iterable[Any]) -> tuple[Word, ...]:
    return tuple(Word(float(word.start), float(word.end), word.word.strip(), float(word.probability)) for word in words)


def _unavailable(info: EngineInfo, what: str) -> SightlineError:
    return SightlineError(
        Reason.MODEL_UNAVAILABLE,
        f"the Whisper model {info.name} {what}; 'sightline models fetch speech' gets the one of the catalogue, and a "
        f"model of your own needs {', '.join(_NEEDED)} and a vocabulary in one folder",
    )
