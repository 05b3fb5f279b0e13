"""What is said in a recording, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Progress = Callable[[float], None]
"""Told the share that is done, 0 to 1, after each chunk of at most half a minute; what it raises ends the work."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word.

    Attributes:
        start: when it begins, seconds from the start of the recording.
        end: when it ends.
        text: the word, with the punctuation that follows it.
        score: how sure the model is, 0 to 1.
    """

    start: float
    end: float
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence or a part of one.

    Attributes:
        start: when it begins, seconds from the start of the recording.
        end: when it ends.
        text: what is said, without spaces around it.
        score: how sure the model is, 0 to 1.
        words: its words in order; empty where they were not asked for.
    """

    start: float
    end: float
    text: str
    score: float
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """What is said in a recording.

    Attributes:
        language: that was asked for, or that was heard where that was asked for: a BCP 47 tag; `und` where nothing was.
        segments: in order, none over another; empty where nothing is said.
        duration: how long the recording is, in seconds.
    """

    language: str
    segments: tuple[Segment, ...]
    duration: float


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """Which engine or model wrote something down.

    Attributes:
        name: as the catalogue has it, or the operator.
        version: of its weights.
        sha256: of its weights.
    """

    name: str
    version: str
    sha256: str


class Transcriber(Protocol):
    """Writes down what is said."""

    @property
    def info(self) -> EngineInfo:
        """Which engine or model writes down."""

    def check_language(self, language: str) -> None:
        """Refuse a language that the model can't write down, before any work.

        Args:
            language: a BCP 47 tag such as `en` or `de-AT`; `und` asks for the language to be heard.

        Raises:
            InvalidRequest: the model does not know it; the message says what to do.
        """

    def transcribe(self, sound: Path, language: str, progress: Progress, *, words: bool = False) -> Transcript:
        """Write down a recording, or the sound of a film, of any length in bounded memory.

        Args:
            sound: a film or a recording on this machine.
            language: as for `check_language`.
            progress: told the share that is done; what it raises ends the work.
            words: whether the times of the words are found too, which takes a little longer.

        Raises:
            InvalidRequest: the language is not one of the model's.
            MediaRejected: MEDIA_UNSUPPORTED (no sound in it), MEDIA_CORRUPT or MEDIA_TOO_LARGE.
        """
