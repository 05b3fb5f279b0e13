"""A line of text in a picture."""

from __future__ import annotations

from dataclasses import dataclass

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was read.

    Attributes:
        box: left, top, right, bottom in pixels of the picture, from its upper left corner.
        text: what it says, in one line.
        score: how sure the model is, 0 to 1.
    """

    box: Box
    text: str
    score: float

    @property
    def height_px(self) -> float:
        """Height of the box, about 1.3 times the size of the letters."""
        return self.box[3] - self.box[1]

    @property
    def centre_y(self) -> float:
        """Middle of the box, from the top of the picture."""
        return (self.box[1] + self.box[3]) / 2
