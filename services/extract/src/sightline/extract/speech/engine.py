"""What every engine is: it writes down half a minute of speech, and knows which languages it can."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sightline.common.errors import FieldViolation, InvalidRequest
from sightline.extract.speech.hearing import Samples
from sightline.extract.speech.transcript import EngineInfo, Segment

TO_BE_HEARD = "und"
"""The tag that asks for the language to be heard (undetermined, ISO 639-2)."""

# Tags that Whisper knows by another name.
_OTHER_NAMES = {"nb": "no", "jv": "jw", "fil": "tl", "iw": "he", "in": "id", "cmn": "zh"}


class Engine(Protocol):
    """Writes down chunks of speech; may be used by several threads, which then wait for each other."""

    @property
    def info(self) -> EngineInfo:
        """Which engine or model it is."""

    def code(self, language: str) -> str | None:
        """Give the engine's code of a language; None where it is to be heard.

        Raises:
            InvalidRequest: the engine does not know the language.
        """

    def write_down(self, samples: Samples, code: str | None, *, words: bool) -> tuple[str, list[Segment]]:
        """Write down a chunk of at most 30 seconds.

        Args:
            samples: one channel at 16000 Hz.
            code: of the language; None to hear it.
            words: whether the times of the words are found.

        Returns:
            The language, and what is said, in order, with times from the start of the chunk.
        """


def code_among(known: Iterable[str], language: str, name: str) -> str:
    """Find the code of a language among those of an engine.

    Args:
        known: the engine's codes: language subtags.
        language: a BCP 47 tag; its script and region do not matter.
        name: of the engine, for the message.

    Raises:
        InvalidRequest: it is not among them; the message says what to do.
    """
    codes = set(known)
    primary = language.lower().replace("_", "-").split("-")[0] or "en"
    for code in (primary, _OTHER_NAMES.get(primary, primary)):
        if code in codes:
            return code
    knows = "English only" if codes == {"en"} else f"{len(codes)} languages, but not this one"
    message = (
        f"{name} writes down {knows}, and {language!r} was asked for: ask for a language that it knows, or for another "
        "model; the operator may name a multilingual Whisper model"
    )
    raise InvalidRequest(message, [FieldViolation("language_code", message)])
