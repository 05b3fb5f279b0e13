"""The order in which people read: down a column, then the next; a table row by row."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from statistics import mean, median
from typing import NamedTuple

from sightline.extract.text.line import Line

# A gutter between columns is wider than this many line heights; a space between words is not.
_GUTTER_HEIGHTS = 1.0
# Lines whose middles differ by less than this share of a line's height stand in one row.
_ROW_SHARE = 0.5
# Cells of a table are shorter than this, in letters; lines of a column are longer.
_CELL_LETTERS = 14
# Two sides are a table where this share of the shorter one has a partner in its row.
_PAIRED_SHARE = 0.75


class Sides(NamedTuple):
    """Lines on both sides of a gutter, and those that cross it."""

    left: list[Line]
    right: list[Line]
    crossing: list[Line]


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Sort lines as they are read.

    Columns are found by the gutters between them; what crosses a gutter (a title, a footer) parts what is above it
    from what is below. Rows of short cells that stand side by side are a table, and are read across.
    """
    gutter = _best_gutter(lines)
    if gutter is None:
        return [line for row in rows(lines) for line in row]
    ordered: list[Line] = []
    for left, right in _bands(_sides(lines, gutter)):
        ordered += in_reading_order(left) + in_reading_order(right)
    return ordered


def rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Put lines that stand side by side into rows, top to bottom; each row left to right."""
    found: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.centre_y):
        if found and _beside(found[-1][0], line):
            found[-1].append(line)
        else:
            found.append([line])
    return [sorted(row, key=lambda line: line.box[0]) for row in found]


def _beside(one: Line, other: Line) -> bool:
    return abs(one.centre_y - other.centre_y) < _ROW_SHARE * min(one.height_px, other.height_px)


def _best_gutter(lines: Sequence[Line]) -> float | None:
    """Give the x where the right column begins, of the gutter with the most lines on both its sides; the leftmost."""
    if len(lines) < 4:
        return None
    width = _GUTTER_HEIGHTS * median(line.height_px for line in lines)
    sides = {x: _sides(lines, x) for x in {line.box[0] for line in lines}}
    best, most = None, 0.0
    # Those that could be worth the most come first, so that of a thousand lines few gutters are looked at closely.
    for x in sorted(sides, key=lambda x: (-_promise(sides[x]), x)):
        if _promise(sides[x]) < most:
            break
        worth = _worth(sides[x], x, width)
        if worth > most or (worth == most and best is not None and x < best):
            best, most = x, worth
    return best


def _promise(sides: Sides) -> float:
    """Say what a gutter is worth at most."""
    return min(len(sides.left), len(sides.right)) - 0.5 * len(sides.crossing)


def _worth(sides: Sides, x: float, width: float) -> float:
    """Say how many lines stand beside each other across a gutter that ends at x; 0 where there is none."""
    if min(len(sides.left), len(sides.right)) < 2 or x - max(line.box[2] for line in sides.left) < width:
        return 0
    beside_left = beside_right = 0
    paired: list[tuple[Line, Line]] = []
    for left, right in _bands(sides):
        if left and right:
            beside_left += _within(left, right)
            beside_right += _within(right, left)
            paired += _pairs(left, right)
    if min(beside_left, beside_right) < 2 or _is_table(paired, beside_left, beside_right):
        return 0
    return min(beside_left, beside_right) - 0.5 * len(sides.crossing)


def _sides(lines: Sequence[Line], x: float) -> Sides:
    return Sides(
        left=[line for line in lines if line.box[2] <= x],
        right=[line for line in lines if line.box[0] >= x],
        crossing=[line for line in lines if line.box[0] < x < line.box[2]],
    )


def _bands(sides: Sides) -> list[tuple[list[Line], list[Line]]]:
    """Cut at what crosses the gutter: (left, right) of each band, top to bottom; what crosses is a left of its own."""
    cuts = sorted(sides.crossing, key=lambda line: line.centre_y)
    heights = [cut.centre_y for cut in cuts]
    between: list[tuple[list[Line], list[Line]]] = [([], []) for _ in range(len(cuts) + 1)]
    for side, lines in enumerate((sides.left, sides.right)):
        for line in lines:
            between[bisect_right(heights, line.centre_y)][side].append(line)
    found = between[:1]
    for cut, band in zip(cuts, between[1:], strict=True):
        found += [([cut], []), band]
    return found


def _pairs(left: list[Line], right: list[Line]) -> Iterator[tuple[Line, Line]]:
    """Pair the lines of two sides that stand in one row."""
    ordered = sorted(right, key=lambda line: line.centre_y)
    centres = [line.centre_y for line in ordered]
    for one in left:
        reach = _ROW_SHARE * one.height_px
        near = ordered[bisect_left(centres, one.centre_y - reach) : bisect_right(centres, one.centre_y + reach)]
        yield from ((one, other) for other in near if _beside(one, other))


def _within(lines: list[Line], others: list[Line]) -> int:
    """Count the lines that are not above or below all of the others."""
    top, bottom = min(line.box[1] for line in others), max(line.box[3] for line in others)
    return sum(line.box[3] > top and line.box[1] < bottom for line in lines)


def _is_table(paired: list[tuple[Line, Line]], beside_left: int, beside_right: int) -> bool:
    """Say whether the sides are cells of the same rows, and those of one side short."""
    rows_shared = len({id(one) for one, _ in paired}), len({id(other) for _, other in paired})
    if min(rows_shared) < _PAIRED_SHARE * min(beside_left, beside_right) or not paired:
        return False
    return min(mean(len(pair[side].text) for pair in paired) for side in (0, 1)) < _CELL_LETTERS
