"""What a document is made of: slides with their pictures, text, times and what was said to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sightline.extract.text import Line


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of the recording, in seconds from its start; `end` itself is not in it."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Speech:
    """A sentence, or a part of one, that was said.

    Attributes:
        start: when it begins, in seconds from the start of the recording.
        end: when it ends.
        text: what is said.
    """

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of a slide, whose bytes are read when they are needed and forgotten again.

    Attributes:
        file_name: how other documents refer to it, such as `slide-003.webp`; without a folder.
        content_type: `image/jpeg`, `image/png` or `image/webp`.
        width_px: its width.
        height_px: its height.
        read: gives the bytes; may be called more than once, and always gives the same.
    """

    file_name: str
    content_type: str
    width_px: int
    height_px: int
    read: Callable[[], bytes]

    @classmethod
    def of_file(cls, path: Path, content_type: str, width_px: int, height_px: int) -> Picture:
        """Name a picture by its file; read only when its turn comes."""
        return cls(path.name, content_type, width_px, height_px, path.read_bytes)


@dataclass(frozen=True, slots=True)
class Page:
    """One slide.

    Attributes:
        number: from 1, in the order of first showing.
        title: empty where it has none.
        ranges: when it was shown, in order; more than once when it came back.
        picture: how it looks.
        lines: its text in reading order; boxes in pixels of the picture.
        speech: what was said while it was shown, in order.
        kind: what it mostly holds, such as `table`; empty where nobody looked.
        keywords: the words that set it apart, the most telling first.
    """

    number: int
    title: str
    ranges: tuple[Range, ...]
    picture: Picture
    lines: tuple[Line, ...] = ()
    speech: tuple[Speech, ...] = ()
    kind: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lecture:
    """All that the documents of one recording say.

    Attributes:
        title: of the recording; empty where it has none.
        seconds: how long it is.
        pages: in the order of first showing.
        speech: all that is said, in order, whether a slide is shown or not; None where there is no transcript.
        language: of text and speech as a BCP 47 tag; empty where nobody knows.
    """

    title: str
    seconds: float
    pages: tuple[Page, ...]
    speech: tuple[Speech, ...] | None = None
    language: str = ""
