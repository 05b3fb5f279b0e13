"""Draw decks as an examiner would: one template for all slides, figures by numpy, a room made of a ramp and noise."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import skimage.data

from bench.lectures.overlays import Inset
from bench.lectures.pages import Picture, words
from bench.lectures.themes import Colour

_PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
_INKS: list[Colour] = [(170, 70, 30), (40, 120, 40), (40, 40, 160), (120, 40, 110)]


@dataclass(frozen=True)
class Deck:
    """What all slides of a lecture have in common.

    Attributes:
        top: colour of the ground at its upper edge.
        bottom: and at its lower one; another colour makes a ramp.
        accent: colour of the header, the footer and the logo.
        banner: whether the title stands in a bar of that colour.
        font: one of OpenCV's.
        name: what the footer says.
    """

    top: Colour
    bottom: Colour
    accent: Colour
    banner: bool
    font: int
    name: str

    @property
    def ink(self) -> Colour:
        return (240, 240, 240) if sum(self.top) < 3 * 128 else (25, 25, 25)


@dataclass(frozen=True)
class Leaf:
    """One slide of a deck.

    Attributes:
        figure: a key of FIGURES; None for text alone.
        seed: of the figure.
    """

    title: str
    lines: tuple[str, ...]
    number: int
    figure: str | None
    seed: int

    def drawn(self, deck: Deck, width: int, height: int, shown: int | None = None) -> Picture:
        """Draw it with its first `shown` lines (None: all)."""
        share = np.linspace(0, 1, height)[:, None, None]
        ramp = (1 - share) * np.array(deck.top) + share * np.array(deck.bottom)
        page = np.ascontiguousarray(np.broadcast_to(ramp, (height, width, 3)).astype(np.uint8))
        if self.figure is not None:
            left, top = int(0.56 * width), int(0.24 * height)
            box = page[top : top + int(0.6 * height), left : left + int(0.38 * width)]
            box[:] = FIGURES[self.figure](random.Random(self.seed), box.copy(), deck)
        _frame(page, deck, self.title, self.number)
        for row, line in enumerate(self.lines[:shown]):
            at = (int(0.06 * width), int((0.32 + 0.1 * row) * height))
            cv2.circle(page, (at[0] - height // 50, at[1] - height // 70), max(2, height // 120), deck.accent, -1)
            cv2.putText(page, line, at, deck.font, height / 700, deck.ink, max(1, height // 400), cv2.LINE_AA)
        return page


def _frame(page: Picture, deck: Deck, title: str, number: int) -> None:
    """Header, footer with the page's number, and logo."""
    height, width = page.shape[:2]
    thick = max(1, height // 300)
    if deck.banner:
        page[: int(0.16 * height)] = deck.accent
    ink = (255, 255, 255) if deck.banner else deck.ink
    cv2.putText(page, title, (width // 25, int(0.11 * height)), deck.font, height / 480, ink, thick, cv2.LINE_AA)
    page[int(0.925 * height) : int(0.93 * height)] = deck.accent
    for text, left in ((deck.name, 0.03), (str(number), 0.94)):
        at = (int(left * width), int(0.975 * height))
        cv2.putText(page, text, at, deck.font, height / 1000, deck.ink, 1, cv2.LINE_AA)
    cv2.circle(page, (int(0.95 * width), int(0.08 * height)), height // 22, (200, 200, 200), -1)
    cv2.circle(page, (int(0.95 * width), int(0.08 * height)), height // 40, deck.accent, -1)


def make_deck(rng: random.Random) -> Deck:
    """Choose a template."""
    light = rng.random() < 0.65
    near = rng.choice([(255, 255, 255), (245, 250, 252), (225, 235, 240)] if light else [(50, 30, 15), (30, 30, 30)])
    far = (min(255, near[0] + 5), max(0, near[1] - 45), max(0, near[2] - 50)) if rng.random() < 0.4 else near
    fonts = [cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX]
    return Deck(near, far, rng.choice(_INKS), rng.random() < 0.6, rng.choice(fonts), words(rng, 2, 3))


def make_leaf(rng: random.Random, number: int) -> Leaf:
    """Write one slide: a title, two to five lines, and a figure beside them on every other."""
    figure = rng.choice(list(FIGURES)) if rng.random() < 0.5 else None
    lines = tuple(words(rng, 2, 3 if figure else 5) for _ in range(rng.randint(2, 5)))
    return Leaf(words(rng, 2, 3).capitalize(), lines, number, figure, rng.randrange(10**6))


def corrected(leaf: Leaf, rng: random.Random) -> Leaf:
    """Give the next slide, on which one line alone is another (and the page's number)."""
    row = rng.randrange(len(leaf.lines))
    lines = (*leaf.lines[:row], words(rng, 2, 3), *leaf.lines[row + 1 :])
    return replace(leaf, lines=lines, number=leaf.number + 1)


def _columns(rng: random.Random, box: Picture, deck: Deck) -> Picture:
    height, width = box.shape[:2]
    count = rng.randint(3, 7)
    for column in range(count):
        left, top = int((column + 0.15) * width / count), int(rng.uniform(0.05, 0.8) * height)
        cv2.rectangle(box, (left, top), (left + int(0.7 * width / count), height - 2), rng.choice(_INKS), -1)
    cv2.line(box, (0, height - 2), (width, height - 2), deck.ink, 1)
    return box


def _curves(rng: random.Random, box: Picture, deck: Deck) -> Picture:
    height, width = box.shape[:2]
    cv2.rectangle(box, (1, 1), (width - 2, height - 2), deck.ink, 1)
    x = np.arange(2, width - 2)
    for _ in range(rng.randint(1, 3)):
        y = height * (0.5 + 0.35 * np.sin(x / width * rng.uniform(3, 12) + rng.uniform(0, 6)) * rng.uniform(0.4, 1))
        points = np.stack([x, y], 1).astype(np.int32)
        cv2.polylines(box, [points], False, rng.choice(_INKS), max(1, height // 120), cv2.LINE_AA)
    return box


def _photograph(rng: random.Random, box: Picture, _deck: Deck) -> Picture:
    picture: Picture = getattr(skimage.data, rng.choice(_PHOTOGRAPHS))()[:, :, ::-1]
    return np.asarray(cv2.resize(picture, box.shape[1::-1], interpolation=cv2.INTER_AREA), np.uint8)


def _boxes(rng: random.Random, box: Picture, deck: Deck) -> Picture:
    height, width = box.shape[:2]
    before: tuple[int, int] | None = None
    for step in range(rng.randint(2, 4)):
        x, y = int(rng.uniform(0, 0.55) * width), int((0.04 + 0.25 * step) * height)
        corner = (x + int(0.4 * width), y + int(0.16 * height))
        cv2.rectangle(box, (x, y), corner, rng.choice(_INKS), rng.choice([-1, 2]))
        if before is not None:
            cv2.arrowedLine(box, before, (x + int(0.2 * width), y), deck.ink, 1, cv2.LINE_AA)
        before = (x + int(0.2 * width), corner[1])
    return box


FIGURES: dict[str, Callable[[random.Random, Picture, Deck], Picture]] = {
    "columns": _columns,
    "curves": _curves,
    "photograph": _photograph,
    "boxes": _boxes,
}


class Room:
    """A figure that walks to and fro before a ramp that moves, with other noise in every frame: a camera."""

    kind = "camera"

    def __init__(self, rng: random.Random, width: int, height: int) -> None:
        self._size, self._pace, self._sigma = (width, height), rng.uniform(0.3, 1.2), rng.uniform(3, 10)
        self._noise, self._colour = np.random.default_rng(rng.randrange(10**6)), np.array(rng.choice(_INKS)) + 60
        self._walk = rng.uniform(0.05, 0.25)

    def at(self, seconds: float) -> Picture:
        width, height = self._size
        ramp = 0.6 + 0.3 * np.sin(np.linspace(0, 3, width) + seconds * self._pace)
        wall = ramp[None, :, None] * self._colour
        shown = np.ascontiguousarray(np.broadcast_to(wall, (height, width, 3)), np.float32)
        x = int(width * (0.5 + self._walk * math.sin(seconds * 1.3 * self._pace + 1)))
        y = int(height * (0.4 + 0.03 * math.sin(seconds * 3)))
        cv2.ellipse(shown, (x, height), (int(height * 0.35), int(height * 0.4)), 0, 180, 360, (70, 50, 40), -1)
        cv2.ellipse(shown, (x, y), (int(height * 0.14), int(height * 0.2)), 0, 0, 360, (130, 160, 205), -1)
        shown += self._noise.normal(0, self._sigma, (height, width, 1))
        return np.asarray(np.clip(shown, 0, 255), np.uint8)


class RoomInset(Inset):
    """Such a camera in a corner."""

    def __init__(self, room: Room, box: tuple[int, int, int, int]) -> None:
        self.box, self._room = box, room

    def draw(self, frame: Picture, seconds: float) -> None:
        x1, y1, x2, y2 = self.box
        frame[y1:y2, x1:x2] = self._room.at(seconds)


class Stroll:
    """An arrow that goes from place to place all the time and never rests."""

    def __init__(self, rng: random.Random, size_px: int) -> None:
        self._size, self._every = size_px, rng.uniform(0.6, 2.0)
        self._places = [(rng.uniform(0.03, 0.95), rng.uniform(0.03, 0.93)) for _ in range(64)]

    def draw(self, frame: Picture, seconds: float) -> None:
        height, width = frame.shape[:2]
        leg, share = divmod(seconds / self._every, 1.0)
        (x1, y1), (x2, y2) = self._places[int(leg) % 64], self._places[int(leg + 1) % 64]
        at = ((x1 + (x2 - x1) * share) * width, (y1 + (y2 - y1) * share) * height)
        arrow = np.array([[0, 0], [0, 1], [0.3, 0.75], [0.7, 0.7]]) * self._size + at
        cv2.fillPoly(frame, [arrow.astype(np.int32)], (255, 255, 255))
        cv2.polylines(frame, [arrow.astype(np.int32)], True, (0, 0, 0), 1)


class Grain:
    """Gaussian noise, other in every frame."""

    def __init__(self, rng: random.Random, sigma: float) -> None:
        self._made, self._sigma = np.random.default_rng(rng.randrange(10**6)), sigma

    def draw(self, frame: Picture, seconds: float) -> None:
        noisy = frame + self._made.standard_normal(frame.shape[:2], np.float32)[:, :, None] * self._sigma
        np.copyto(frame, np.clip(noisy, 0, 255).astype(np.uint8))


class Lamp:
    """Brightness that is a little other in every frame, or goes up and down with the mains."""

    def __init__(self, rng: random.Random, share: float) -> None:
        self._made, self._share, self._pace = np.random.default_rng(rng.randrange(10**6)), share, rng.choice([0, 6, 40])

    def draw(self, frame: Picture, seconds: float) -> None:
        swing = math.sin(seconds * self._pace) if self._pace else float(self._made.uniform(-1, 1))
        np.copyto(frame, cv2.convertScaleAbs(frame, alpha=1 + self._share * swing))
