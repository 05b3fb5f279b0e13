"""WebVTT: slides as chapters, and what is said as captions. Source: https://www.w3.org/TR/webvtt1/."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sightline.extract.document.page import Lecture, Speech
from sightline.extract.document.wording import heading, one_line

# What fits across a picture, and how many rows do not cover it. Source: BBC Subtitle Guidelines, 2024.
_ROW_LETTERS = 42
_ROWS = 2


@dataclass(frozen=True, slots=True)
class _Cue:
    """One cue; times in whole milliseconds, the end after the start."""

    start_ms: int
    end_ms: int
    rows: tuple[str, ...]


def chapters_vtt(lecture: Lecture) -> str:
    """Give each showing of a slide as a chapter: in order, none overlapping another."""
    shown = sorted(
        (_ms(time.start), _ms(time.end), heading(page.number, page.title))
        for page in lecture.pages
        for time in page.ranges
    )
    ends = [start for start, _, _ in shown[1:]] + [_ms(lecture.seconds)]
    cues = (_Cue(start, min(end, until), (title,)) for (start, end, title), until in zip(shown, ends, strict=True))
    return _document(cues)


def captions_vtt(speech: Sequence[Speech]) -> str:
    """Give what is said as captions of at most two rows; longer ones follow each other, each for its share of the time.

    Args:
        speech: in order.
    """
    return _document(cue for said in speech for cue in _cues(said))


def _cues(said: Speech) -> Iterator[_Cue]:
    rows = textwrap.wrap(one_line(said.text), _ROW_LETTERS)
    parts = [rows[first : first + _ROWS] for first in range(0, len(rows), _ROWS)]
    letters = sum(map(len, rows))
    start, passed = _ms(said.start), 0
    for part in parts:
        passed += sum(map(len, part))
        end = _ms(said.start + (said.end - said.start) * passed / letters)
        yield _Cue(start, end, tuple(part))
        start = end


def _document(cues: Iterable[_Cue]) -> str:
    blocks = [
        "\n".join([f"{_time(cue.start_ms)} --> {_time(cue.end_ms)}", *map(_escaped, cue.rows)])
        for cue in cues
        if cue.end_ms > cue.start_ms
    ]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _ms(seconds: float) -> int:
    return round(max(0.0, seconds) * 1000)


def _time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
