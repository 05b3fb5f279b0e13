"""What a slide mostly holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sightline.extract.text.line import Line
from sightline.extract.text.ordering import rows
from sightline.extract.text.page import Kind, Page

# A drawing that takes up this share of the slide is what it is about...
_FIGURE_SHARE = 0.18
# ... and this is enough where there are few lines beside it.
_SMALL_FIGURE_SHARE = 0.06
_FEW_LINES = 4
# A title slide has at most so many letters beside its title, in so many lines.
_TITLE_LETTERS = 140
_TITLE_LINES = 4
# Cells of one column begin, end or have their middle within this share of the width.
_ALIGNED = 0.025
_CODE_SHARE = 0.5
_CODE = re.compile(
    r"""
      [;{}]\s*$                                   # ends as a statement or a block does
    | ^\s*[})\]]+;?\s*$                           # closes one
    | \w+\([^)]*\)?\s*[:;{]?\s*$                  # a call, or the head of a function
    | \w[\w.\[\]]*\s*[-+*/|&]?=\s*\S              # an assignment
    | [=!<>]=|->|=>|::|&&|\|\||\+\+
    | ^\s*(def|class|import|from|return|if|elif|else|for|while|try|except|with|public|private|static|void|int|const
        |let|var|function|func|fn|struct|package|using|SELECT|FROM|WHERE|INSERT)\b.*[:;({=*]
    | ^\s*(import|from|return|\#include|\#define|SELECT|FROM|WHERE)\s+\S+
    | ^\s*(//|/\*|>>>|\$\s)
    """,
    re.VERBOSE,
)


def kind_of(page: Page, lines: Sequence[Line], title: Sequence[Line]) -> Kind:
    """Say what a slide mostly holds.

    Args:
        page: the slide.
        lines: those of its lines that are its own.
        title: those of them that are its title.
    """
    body = [line for line in lines if line not in title]
    drawn = page.drawing.share if page.drawing else 0.0
    if _is_table(page, body):
        return Kind.TABLE
    if _is_code(body):
        return Kind.CODE
    if drawn >= (_SMALL_FIGURE_SHARE if len(body) <= _FEW_LINES else _FIGURE_SHARE):
        return Kind.FIGURE
    return Kind.TITLE if title and _is_title(page, body, title) else Kind.TEXT


def _is_title(page: Page, body: Sequence[Line], title: Sequence[Line]) -> bool:
    """A title slide: little text, and either nothing beside the title or the title in the middle."""
    if len(body) > _TITLE_LINES or sum(len(line.text) for line in body) > _TITLE_LETTERS:
        return False
    return not body or title[0].box[1] > 0.2 * page.height_px


def _is_code(body: Sequence[Line]) -> bool:
    like = sum(_CODE.search(line.text) is not None for line in body)
    return like >= 2 and like >= _CODE_SHARE * len(body)


def _is_table(page: Page, body: Sequence[Line]) -> bool:
    """Rows of cells that stand below each other; rules between them make two columns and two rows enough."""
    rules = page.drawing.rules if page.drawing else 0
    cells = [row for row in rows(body) if len(row) > 1]
    if len(cells) < 2 or 2 * sum(map(len, cells)) < len(body):
        return False
    columns = _columns(cells, page.width_px)
    return columns >= 3 or (columns == 2 and len(cells) >= 2 and rules >= 2)


def _columns(cells: Sequence[Sequence[Line]], width_px: int) -> int:
    """Count the columns in which most rows have a cell, by the row with most cells."""
    widest = max(cells, key=len)
    return sum(
        sum(any(_aligned(cell, other, width_px) for other in row) for row in cells) >= 0.6 * len(cells)
        for cell in widest
    )


def _aligned(one: Line, other: Line, width_px: int) -> bool:
    (left, _, right, _), (other_left, _, other_right, _) = one.box, other.box
    return (
        min(abs(left - other_left), abs(right - other_right), abs(left + right - other_left - other_right) / 2)
        < _ALIGNED * width_px
    )
