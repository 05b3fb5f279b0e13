"""Which lines of a slide are its title."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from sightline.extract.text.line import Line
from sightline.extract.text.ordering import rows
from sightline.extract.text.page import Page

# A title begins in this upper part of the slide, unless the slide has little else.
_UPPER_SHARE = 0.35
# It is at least this much larger than the rest...
_LARGER = 1.12
# ... or at least as large and this near to the top, in shares of the height.
_TOP_SHARE = 0.2
# Its lines are alike in size, begin or have their middle within this share of the width, and are no further apart than
# this many of their heights.
_ALIKE = 0.72
_ALIGNED = 0.04
_APART = 0.6
_MOST_LETTERS = 160
# What is as short as this may be a logo, and is no title where there is anything else.
_LOGO_LETTERS = 3
# A title slide has at most so many lines; its title may stand anywhere.
_FEW_LINES = 5


def title_lines(page: Page, lines: Sequence[Line]) -> tuple[Line, ...]:
    """Find the title, top to bottom; none where nothing stands out.

    Args:
        page: the slide.
        lines: those of its lines that are its own.
    """
    if not lines:
        return ()
    first = _first(page, lines)
    if first is None:
        return ()
    found = _with_neighbours(page, first, lines)
    return found if sum(len(line.text) for line in found) <= _MOST_LETTERS else ()


def _first(page: Page, lines: Sequence[Line]) -> Line | None:
    upper = [line for line in lines if line.centre_y < _UPPER_SHARE * page.height_px]
    upper = [line for line in upper if len(line.text) > _LOGO_LETTERS] or upper
    if upper:
        largest = max(line.height_px for line in upper)
        first = min((line for line in upper if line.height_px >= _ALIKE * largest), key=lambda line: line.box[1])
        if _stands_out(page, first, lines):
            return first
    if len(lines) > _FEW_LINES:
        return None
    first = max(lines, key=lambda line: line.height_px)
    return first if len(lines) == 1 or first.height_px >= _LARGER * _usual_height(lines, [first]) else None


def _stands_out(page: Page, line: Line, lines: Sequence[Line]) -> bool:
    usual = _usual_height(lines, [line])
    if line.height_px >= _LARGER * usual:
        return True
    is_first = all(line.box[1] <= other.box[1] for other in lines)
    return is_first and line.centre_y < _TOP_SHARE * page.height_px and line.height_px >= _ALIKE * usual


def _usual_height(lines: Sequence[Line], but: Sequence[Line]) -> float:
    return median([line.height_px for line in lines if line not in but] or [but[0].height_px / 2])


def _with_neighbours(page: Page, first: Line, lines: Sequence[Line]) -> tuple[Line, ...]:
    """Add the lines beside, above and below that are as large and near."""
    found = [first]
    for line in sorted(lines, key=lambda line: abs(line.centre_y - first.centre_y)):
        if line is not first and _continues(page, found, line, lines):
            found.append(line)
    return tuple(line for row in rows(found) for line in row)


def _continues(page: Page, found: Sequence[Line], line: Line, lines: Sequence[Line]) -> bool:
    size, usual = found[0].height_px, _usual_height(lines, [*found, line])
    if not _ALIKE <= line.height_px / size <= 1 / _ALIKE:
        return False
    if abs(math.log(line.height_px / usual)) < abs(math.log(line.height_px / size)):
        return False  # it is of the size of the rest
    top, bottom = min(other.box[1] for other in found), max(other.box[3] for other in found)
    apart = max(line.box[1] - bottom, top - line.box[3])
    if _is_beside(line, found[0]):
        return True
    cells = [other for other in lines if other is not line and other not in found and _is_beside(other, line)]
    return not cells and apart < _APART * size and any(_aligned(page, line, other) for other in found)


def _is_beside(line: Line, other: Line) -> bool:
    return abs(line.centre_y - other.centre_y) < 0.5 * min(line.height_px, other.height_px)


def _aligned(page: Page, line: Line, other: Line) -> bool:
    middle = abs(line.box[0] + line.box[2] - other.box[0] - other.box[2]) / 2
    return min(abs(line.box[0] - other.box[0]), middle) < _ALIGNED * page.width_px
