"""Slides that are one by their text: builds and changes that the pixels did not show as such."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from rapidfuzz import fuzz

from sightline.extract.text.furniture import is_page_number
from sightline.extract.text.line import Line
from sightline.extract.text.page import Page, Run

# Two readings of one line are at least this alike, in percent (normalised edit similarity).
_ALIKE = 85.0
# A line of a build stays where it is: within these shares of width and height.
_MOVED = (0.03, 0.03)
# Drawings are two where this share of the picture without its text became different by this much: a curve that takes
# another way does, the noise of an encoder does not.
_DRAWN_STEP = 24
_DRAWN_SHARE = 0.008
_DIGITS = re.compile(r"\d+")
# A page of fewer letters says too little to be known by its text.
_LEAST_LETTERS = 4


def merge(pages: Sequence[Page]) -> list[Run]:
    """Find neighbours that are one slide.

    Two neighbours are one where the later says all that the earlier does, in the same places, and maybe more; or where
    both say the same. What was read slightly differently counts as the same unless digits differ; a drawing that was
    replaced by another keeps them apart.

    Args:
        pages: slides in the order of their showing; do not pass builds that are to be kept apart.

    Returns:
        Runs that cover all pages, in order; the kept one is the last of those that say most.
    """
    runs: list[Run] = []
    for index, page in enumerate(pages):
        if runs and _are_one(pages[runs[-1].kept], page):
            before = runs[-1]
            fuller = len(_said(page)) >= len(_said(pages[before.kept]))
            runs[-1] = Run(before.first, index, index if fuller else before.kept)
        else:
            runs.append(Run(index, index, index))
    return runs


def _are_one(before: Page, after: Page) -> bool:
    said, then = _said(before), _said(after)
    if sum(len(line.text) for line in said) < _LEAST_LETTERS or len(said) > len(then):
        return False
    same = len(said) == len(then)
    return _drawn_alike(before, after, grown=not same) and _holds(said, then, before, after)


def _said(page: Page) -> list[Line]:
    return [line for line in page.lines if not is_page_number(page, line)]


def _holds(said: Sequence[Line], then: Sequence[Line], before: Page, after: Page) -> bool:
    """Say whether every line is there again, each in a place of its own."""
    left = list(then)
    for line in said:
        again = next((other for other in left if _same_place(line, other, before, after) and _same(line, other)), None)
        if again is None:
            return False
        left.remove(again)
    return True


def _same(line: Line, other: Line) -> bool:
    one, two = line.text.casefold(), other.text.casefold()
    return _DIGITS.findall(one) == _DIGITS.findall(two) and fuzz.ratio(one, two) >= _ALIKE


def _same_place(line: Line, other: Line, before: Page, after: Page) -> bool:
    # A bullet is part of a line in one reading and not in the other: one of the ends stays.
    across = min(abs(line.box[end] / before.width_px - other.box[end] / after.width_px) for end in (0, 2))
    down = abs(line.centre_y / before.height_px - other.centre_y / after.height_px)
    return across < _MOVED[0] and down < _MOVED[1]


def _drawn_alike(before: Page, after: Page, *, grown: bool) -> bool:
    """Say whether nothing that was drawn is gone; where text came too, more may be drawn."""
    if before.drawing is None or after.drawing is None:
        return True
    step = np.abs(before.drawing.look.astype(np.int16) - after.drawing.look)
    if grown:
        ground = np.median(before.drawing.look)
        step[np.abs(before.drawing.look - ground) < _DRAWN_STEP] = 0
    return float((step > _DRAWN_STEP).mean()) < _DRAWN_SHARE
