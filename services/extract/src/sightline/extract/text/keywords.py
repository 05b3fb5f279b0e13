"""The words that set a slide apart from the others: term frequency times inverse document frequency."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from stop_words import AVAILABLE_LANGUAGES, LANGUAGE_MAPPING, get_stop_words

from sightline.extract.text.line import Line

MOST_KEYWORDS = 8
# A word of the title counts as this many of the body.
_TITLE_WEIGHT = 3
_LEAST_LETTERS = 3
_WORD = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*")
# Writing without spaces between words: a run of it is no word.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def telling_words(
    bodies: Sequence[Sequence[Line]], titles: Sequence[Sequence[Line]], language: str
) -> list[tuple[str, ...]]:
    """Give the telling words of each slide, the most telling first.

    Args:
        bodies: the lines of each slide, title included.
        titles: which of them are the title.
        language: of the text, a BCP 47 tag.

    Returns:
        At most MOST_KEYWORDS words for each slide, as they are mostly written; equally telling ones by the alphabet.
        Source: smoothed as in Manning et al., Introduction to Information Retrieval, 2008, section 6.2.
    """
    common = _common_words(language)
    counts = [_count(lines, title, common) for lines, title in zip(bodies, titles, strict=True)]
    slides_with = Counter(word for count in counts for word in count)
    spellings = _spellings(bodies)

    def telling(count: Counter[str]) -> tuple[str, ...]:
        weights = {word: n * (math.log((1 + len(counts)) / (1 + slides_with[word])) + 1) for word, n in count.items()}
        ranked = sorted(weights, key=lambda word: (-weights[word], word))
        return tuple(spellings[word] for word in ranked[:MOST_KEYWORDS])

    return [telling(count) for count in counts]


def _count(lines: Sequence[Line], title: Sequence[Line], common: frozenset[str]) -> Counter[str]:
    count: Counter[str] = Counter()
    for line in lines:
        weight = _TITLE_WEIGHT if line in title else 1
        for word in _words(line.text):
            if word.casefold() not in common:
                count[word.casefold()] += weight
    return count


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if len(word) >= _LEAST_LETTERS and not _UNSPACED.search(word)]


def _spellings(bodies: Sequence[Sequence[Line]]) -> dict[str, str]:
    """Say how each word is mostly written; in small letters where that is as frequent."""
    written = Counter(word for lines in bodies for line in lines for word in _words(line.text))
    ranked = sorted(written, key=lambda word: (written[word], word.islower(), word))
    return {word.casefold(): word for word in ranked}


@lru_cache(maxsize=16)
def _common_words(language: str) -> frozenset[str]:
    tag = language.split("-", maxsplit=1)[0].casefold()
    tags = {"en"} | ({tag} if tag in LANGUAGE_MAPPING or tag in AVAILABLE_LANGUAGES else set())
    return frozenset(word.casefold() for one in sorted(tags) for word in get_stop_words(one))
