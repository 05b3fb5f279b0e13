"""Give what is said to what is shown: which segments belong to which slide."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from sightline.extract.speech.transcript import Segment, Word


@dataclass(frozen=True, slots=True)
class Shown:
    """A time during which something is shown.

    Attributes:
        start: seconds from the start of the film.
        end: seconds.
        key: what is shown, such as the number of a slide; one that comes back has several times.
    """

    start: float
    end: float
    key: int


def align(segments: Sequence[Segment], shown: Sequence[Shown]) -> dict[int, list[Segment]]:
    """Give each segment to what is shown during most of it.

    A segment with words is split where the picture changes, each word going to what is shown in its middle.
    What is said while nothing is shown goes to what was shown last before it, or to the first of all.

    Args:
        segments: in order.
        shown: in order of time, not over each other.

    Returns:
        For each key, in the order of first showing, what is said to it in order; empty lists where nothing is.
    """
    said: dict[int, list[Segment]] = {span.key: [] for span in shown}
    if not shown:
        return said
    starts = [span.start for span in shown]
    for segment in segments:
        for key, part in _split(segment, shown, starts):
            said[key].append(part)
    return said


def _split(segment: Segment, shown: Sequence[Shown], starts: Sequence[float]) -> Iterator[tuple[int, Segment]]:
    if not segment.words:
        yield _shown_most(segment, shown, starts), segment
        return

    def shown_with(word: Word) -> int:
        return shown[_at((word.start + word.end) / 2, starts)].key

    parts = [(key, tuple(words)) for key, words in groupby(segment.words, shown_with)]
    if len(parts) == 1:
        yield parts[0][0], segment
        return
    at = 0
    for key, words in parts:
        text, at = _text(segment.text, words, at)
        score = sum(word.score for word in words) / len(words)
        yield key, replace(segment, start=words[0].start, end=words[-1].end, text=text, score=score, words=words)


def _text(whole: str, words: Sequence[Word], at: int) -> tuple[str, int]:
    """Cut the text of words out of that of their segment, from a place on: not every language has spaces between them.

    Returns:
        The text, and the place after it.
    """
    start, end = -1, at
    for word in words:
        place = whole.find(word.text, end)
        if place < 0:
            return " ".join(word.text for word in words), at
        start, end = place if start < 0 else start, place + len(word.text)
    return whole[start:end], end


def _shown_most(segment: Segment, shown: Sequence[Shown], starts: Sequence[float]) -> int:
    first, last = _at(segment.start, starts), _at(segment.end, starts)
    candidates = shown[first : last + 1]
    overlaps = [min(span.end, segment.end) - max(span.start, segment.start) for span in candidates]
    if max(overlaps) <= 0:
        return candidates[0].key
    return candidates[overlaps.index(max(overlaps))].key


def _at(seconds: float, starts: Sequence[float]) -> int:
    return max(bisect_right(starts, seconds) - 1, 0)
