"""A picture as text: its lines, and what else is drawn on it, in a few numbers that outlive the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sightline.extract.text.line import Line


class Kind(StrEnum):
    """What a slide mostly holds."""

    TITLE = "title"
    TEXT = "text"
    FIGURE = "figure"
    TABLE = "table"
    CODE = "code"


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """What is drawn beside the text.

    Attributes:
        share: of the picture that drawings and photographs take up, 0 to 1.
        rules: long thin lines that lie flat, as tables have them.
        look: brightness of the picture with its text taken out, 72 x 128, uint8; tells two figures apart.
    """

    share: float
    rules: int
    look: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One slide as text; small, and can be pickled.

    Attributes:
        lines: in reading order.
        width_px: of the picture that the boxes are of.
        height_px: of that picture.
        drawing: what is drawn beside the text; None where nobody looked.
    """

    lines: tuple[Line, ...]
    width_px: int
    height_px: int
    drawing: Drawing | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """What a slide is about.

    Attributes:
        kind: what it mostly holds.
        title: empty where it has none.
        keywords: the words that set it apart from the other slides, the most telling first; at most 8.
    """

    kind: Kind
    title: str
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Slides that follow each other and are one: by their text, the later ones say all that the earlier say.

    Attributes:
        first: index of the first.
        last: index of the last, itself included.
        kept: index of the one that says most.
    """

    first: int
    last: int
    kept: int
