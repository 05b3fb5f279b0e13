"""Draw what an afternoon's generator would: bare pages by `putText` or PIL, and films that are mere patterns."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import skimage.data
from PIL import Image, ImageDraw, ImageFont

from bench.lectures.overlays import Inset
from bench.lectures.pages import Picture, words
from bench.lectures.themes import Colour

Pattern = Callable[[float], Picture]
"""A film: gives the picture at a time in seconds."""

_GROUNDS: list[Colour] = [(255, 255, 255), (255, 255, 255), (0, 0, 0), (30, 30, 30), (60, 30, 10), (240, 245, 250)]
_FIGURES: list[Colour] = [(200, 80, 40), (40, 160, 60), (50, 50, 220), (150, 150, 150)]
_PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")


@dataclass
class Sketch:
    """A page as text: its title, its lines, and a figure of plain rectangles; drawn with its first lines.

    Attributes:
        figure: seed of the rectangles; None for a page without.
        pillow: whether PIL's default font writes it, not OpenCV's.
    """

    title: str
    lines: list[str]
    ground: Colour
    figure: int | None
    pillow: bool

    def drawn(self, width: int, height: int, shown: int | None = None) -> Picture:
        """Draw the page with its first `shown` lines (None: all)."""
        page = np.full((height, width, 3), self.ground, np.uint8)
        if self.figure is not None:
            _rectangles(random.Random(self.figure), page)
        lines = [
            (self.title, 0.08, 0.075),
            *((f"- {line}", 0.25 + 0.11 * row, 0.05) for row, line in self._rows(shown)),
        ]
        return _by_pillow(page, lines, self.ink) if self.pillow else _by_opencv(page, lines, self.ink)

    @property
    def ink(self) -> Colour:
        return (255, 255, 255) if sum(self.ground) < 3 * 128 else (0, 0, 0)

    def _rows(self, shown: int | None) -> list[tuple[int, str]]:
        return list(enumerate(self.lines))[: len(self.lines) if shown is None else shown]


def make_sketch(rng: random.Random, number: int, ground: Colour | None = None) -> Sketch:
    """Draw up a page: "Slide 3: ..." and one to five lines."""
    return Sketch(
        title=f"Slide {number}: {words(rng, 1, 2)}",
        lines=[words(rng, 2, 4) for _ in range(rng.randint(1, 5))],
        ground=ground or rng.choice(_GROUNDS),
        figure=rng.randrange(10**6) if rng.random() < 0.4 else None,
        pillow=rng.random() < 0.5,
    )


def _rectangles(rng: random.Random, page: Picture) -> None:
    height, width = page.shape[:2]
    for _ in range(rng.randint(1, 4)):
        x, y = int(rng.uniform(0.55, 0.8) * width), int(rng.uniform(0.25, 0.7) * height)
        size = (int(rng.uniform(0.05, 0.18) * width), int(rng.uniform(0.05, 0.25) * height))
        cv2.rectangle(page, (x, y), (x + size[0], y + size[1]), rng.choice(_FIGURES), rng.choice([-1, 2]))


def _by_opencv(page: Picture, lines: list[tuple[str, float, float]], ink: Colour) -> Picture:
    height, width = page.shape[:2]
    for text, top, size in lines:
        at = (int(0.06 * width), int((top + size) * height))
        cv2.putText(page, text, at, cv2.FONT_HERSHEY_SIMPLEX, size * height / 24, ink, max(1, height // 360), 16)
    return page


def _by_pillow(page: Picture, lines: list[tuple[str, float, float]], ink: Colour) -> Picture:
    height, width = page.shape[:2]
    canvas = Image.fromarray(page)
    draw = ImageDraw.Draw(canvas)
    for text, top, size in lines:
        draw.text((0.06 * width, top * height), text, fill=ink, font=ImageFont.load_default(size * height))
    return np.array(canvas, np.uint8)


def noise(rng: random.Random, width: int, height: int) -> Pattern:
    """Random pixels, others in each frame; `coarse` ones where a pixel would be too much for any encoder."""
    cell, made = rng.choice([1, 4, 8]), np.random.default_rng(rng.randrange(10**6))

    def at(_seconds: float) -> Picture:
        cells = made.integers(0, 256, (height // cell + 1, width // cell + 1, 3), np.uint8)
        return np.repeat(np.repeat(cells, cell, 0), cell, 1)[:height, :width]

    return at


def gradient(rng: random.Random, width: int, height: int) -> Pattern:
    """A ramp of brightness that moves sideways and begins anew."""
    speed, colour = rng.uniform(40, 160), np.array(rng.choice(_FIGURES), np.float32) / 255

    def at(seconds: float) -> Picture:
        x = (np.arange(width)[None, :] * 255 / width + np.arange(height)[:, None] * 0.3 + seconds * speed) % 256
        return np.asarray(x[:, :, None] * colour, np.uint8)

    return at


def ball(rng: random.Random, width: int, height: int) -> Pattern:
    """A circle that bounces to and fro on one colour."""
    pace, ground = rng.uniform(0.4, 1.2), rng.choice(_FIGURES)

    def at(seconds: float) -> Picture:
        shown = np.full((height, width, 3), ground, np.uint8)
        x, y = (abs((seconds * pace * times) % 2 - 1) for times in (1.0, 1.4))
        radius = min(width, height) // 6
        centre = (int(radius + x * (width - 2 * radius)), int(radius + y * (height - 2 * radius)))
        cv2.circle(shown, centre, radius, (190, 210, 240), -1)
        return shown

    return at


def sliding_photograph(rng: random.Random, width: int, height: int) -> Pattern:
    """A photograph of which a part is shown that goes to and fro."""
    picture = getattr(skimage.data, rng.choice(_PHOTOGRAPHS))()[:, :, ::-1]
    large = cv2.resize(picture, (width * 5 // 4, height * 5 // 4), interpolation=cv2.INTER_AREA)
    pace = rng.uniform(0.4, 1.5)

    def at(seconds: float) -> Picture:
        x = int(width / 8 * (1 + math.sin(seconds * pace)))
        y = int(height / 8 * (1 + math.sin(seconds * pace * 0.6)))
        return np.ascontiguousarray(large[y : y + height, x : x + width])

    return at


PATTERNS = {"noise": noise, "gradient": gradient, "ball": ball, "photograph": sliding_photograph}


class PatternInset(Inset):
    """A pattern in a box, between two times; with a border of two pixels or none."""

    def __init__(self, pattern: Pattern, box: tuple[int, int, int, int], border: bool, since: float = 0.0) -> None:
        self.box, self._pattern, self._border, self._since = box, pattern, border, since

    def draw(self, frame: Picture, seconds: float) -> None:
        if seconds < self._since:
            return
        x1, y1, x2, y2 = self.box
        frame[y1:y2, x1:x2] = self._pattern(seconds)
        if self._border:
            cv2.rectangle(frame, (x1, y1), (x2 - 1, y2 - 1), (128, 128, 128), 2)


@dataclass
class PatternCamera:
    """A pattern that fills the picture: a camera, to whoever has none."""

    pattern: Pattern
    kind: str = "camera"

    def at(self, seconds: float) -> Picture:
        return self.pattern(seconds)


@dataclass
class Wisp:
    """A cursor that moves in every frame and never rests: a dot or an arrow."""

    phase: float
    size_px: int
    arrow: bool
    colour: Colour

    def draw(self, frame: Picture, seconds: float) -> None:
        height, width = frame.shape[:2]
        x = int(width * (0.5 + 0.4 * math.sin(seconds * 0.7 + self.phase)))
        y = int(height * (0.5 + 0.38 * math.sin(seconds * 0.9 + 2 * self.phase)))
        if self.arrow:
            points = np.array([[0, 0], [0, 1], [0.3, 0.75], [0.7, 0.7]]) * self.size_px + (x, y)
            cv2.fillPoly(frame, [points.astype(np.int32)], self.colour)
        else:
            cv2.circle(frame, (x, y), self.size_px // 2, self.colour, -1)
