"""What stands on many slides in the same place: running headers, footers, page numbers, logos."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from sightline.extract.text.line import Line
from sightline.extract.text.page import Page

# A line that stands in one place on this share of the slides, and on this many, belongs to the template.
_SHARE = 0.5
_LEAST_PAGES = 3
# Two places are one within this share of the height.
_PLACE = 0.02
# Numbers alone this near to the upper or lower edge number the page.
_MARGIN = 0.12
_NUMBER = re.compile(r"\W*\d{1,4}(\s*(/|of|von|de|-)\s*\d{1,4})?\W*")


def own_lines(pages: Sequence[Page]) -> list[tuple[Line, ...]]:
    """Give of each page the lines that are its own, in their order."""
    places = Counter(key for page in pages for key in {_place(page, line) for line in page.lines})
    least = max(_LEAST_PAGES, _SHARE * len(pages))
    return [
        tuple(
            line
            for line in page.lines
            if not is_page_number(page, line) and sum(places[key] for key in _near(_place(page, line))) < least
        )
        for page in pages
    ]


def is_page_number(page: Page, line: Line) -> bool:
    """Say whether a line is the number of the page."""
    height = page.height_px
    at_edge = line.centre_y < _MARGIN * height or line.centre_y > (1 - _MARGIN) * height
    return at_edge and _NUMBER.fullmatch(line.text) is not None


def _place(page: Page, line: Line) -> tuple[str, int]:
    letters = "".join(letter for letter in line.text.casefold() if letter.isalpha())
    return letters or line.text, round(line.centre_y / page.height_px / _PLACE)


def _near(place: tuple[str, int]) -> list[tuple[str, int]]:
    text, row = place
    return [(text, row - 1), place, (text, row + 1)]
