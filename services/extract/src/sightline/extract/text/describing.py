"""What slides are about: kind, title, and the words that set each apart from the others."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.extract.text.furniture import own_lines
from sightline.extract.text.keywords import telling_words
from sightline.extract.text.kinds import kind_of
from sightline.extract.text.page import Description, Page
from sightline.extract.text.titles import title_lines


def describe(pages: Sequence[Page], language: str = "en") -> list[Description]:
    """Describe slides, each in the light of all.

    Args:
        pages: the slides of one lecture, in order.
        language: of their text, a BCP 47 tag; its most common words are no keywords. English ones never are.

    Returns:
        One description for each page, in the same order.
    """
    bodies = own_lines(pages)
    titles = [title_lines(page, lines) for page, lines in zip(pages, bodies, strict=True)]
    words = telling_words(bodies, titles, language)
    return [
        Description(kind_of(page, lines, title), " ".join(line.text for line in title), keywords)
        for page, lines, title, keywords in zip(pages, bodies, titles, words, strict=True)
    ]
