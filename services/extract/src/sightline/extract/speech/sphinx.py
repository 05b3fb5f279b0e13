"""PocketSphinx: the last resort, which needs no model but its own; English only, and far less sure than Whisper."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pocketsphinx

from sightline.common.models.store import sha256_of
from sightline.extract.speech.engine import TO_BE_HEARD, code_among
from sightline.extract.speech.hearing import RATE_HZ, Samples
from sightline.extract.speech.transcript import EngineInfo, Segment, Word

_LANGUAGE_MODEL = "en-us.lm.bin"
_FRAMES_PER_SECOND = 100
# A pause as long as this ends a segment.
_PAUSE_SECONDS = 0.4


class SphinxEngine:
    """The decoder of PocketSphinx with the American English model that its package carries.

    It is loaded when something is to be written down: a service that does so in child processes never needs its own.
    """

    def __init__(self) -> None:
        """Find the model."""
        self._model = Path(pocketsphinx.get_model_path("en-us"))
        self._turn = threading.Lock()
        sha256 = sha256_of(self._model / _LANGUAGE_MODEL)
        self._info = EngineInfo("pocketsphinx", metadata.version("pocketsphinx"), sha256)

    @property
    def info(self) -> EngineInfo:
        """Which engine it is; the sha256 is that of its language model."""
        return self._info

    def code(self, language: str) -> str | None:
        """Give `en`.

        Raises:
            InvalidRequest: another language is asked for.
        """
        return "en" if language == TO_BE_HEARD else code_among(["en"], language, self._info.name)

    def write_down(self, samples: Samples, code: str | None, *, words: bool) -> tuple[str, list[Segment]]:
        """Write down a chunk of at most 30 seconds, as `Engine` says."""
        sound = np.clip(np.rint(samples * 32_768), -32_768, 32_767).astype("<i2").tobytes()
        with self._turn:
            self._decoder.start_utt()
            self._decoder.process_raw(sound, full_utt=True)
            self._decoder.end_utt()
            heard = list(self._words())
        return "en", [_segment(part, words) for part in _parts(heard)]

    @cached_property
    def _decoder(self) -> Any:
        return pocketsphinx.Decoder(
            hmm=str(self._model / "en-us"),
            lm=str(self._model / _LANGUAGE_MODEL),
            dict=str(self._model / "cmudict-en-us.dict"),
            samprate=RATE_HZ,
            loglevel="FATAL",
        )

    def _words(self) -> Iterator[Word]:
        scale = self._decoder.get_logmath()
        for part in self._decoder.seg() or ():
            if part.word[0] not in "<[":  # silence and noises are not words
                text = part.word.split("(")[0]  # of several pronunciations, which does not matter
                start, end = part.start_frame / _FRAMES_PER_SECOND, (part.end_frame + 1) / _FRAMES_PER_SECOND
                yield Word(start, end, text, float(min(scale.exp(part.prob), 1.0)))


def _parts(words: Iterable[Word]) -> list[list[Word]]:
    parts: list[list[Word]] = []
    for word in words:
        if not parts or word.start - parts[-1][-1].end >= _PAUSE_SECONDS:
            parts.append([])
        parts[-1].append(word)
    return parts


def _segment(words: list[Word], keep: Any) -> Segment:
    text = " ".join(word.text for word in words)
    score = sum(word.score for word in words) / len(words)
    return Segment(words[0].start, words[-1].end, text, score, tuple(words) if keep else ())
