"""Draw cards: pages as a few lines of OpenCV make them, with thin letters on one colour, unlike those of `pages`."""

from __future__ import annotations

import random
from dataclasses import dataclass

import cv2
import numpy as np

from bench.lectures.pages import Picture, photo, words
from bench.lectures.themes import Colour

_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)


@dataclass(frozen=True)
class Style:
    """Colours are BGR; `weight` is the thickness of letters in pixels."""

    ground: Colour
    ink: Colour
    font: int
    weight: int


def make_style(rng: random.Random, ground: Colour | None = None, contrast: int = 150) -> Style:
    """Draw a style; its ink is `contrast` levels from its ground, lighter or darker."""
    ground = ground or (rng.randrange(256), rng.randrange(256), rng.randrange(256))
    step = contrast if sum(ground) < 3 * 128 else -contrast
    ink = tuple(min(255, max(0, level + step)) for level in ground)
    return Style(ground, (ink[0], ink[1], ink[2]), rng.choice(_FONTS), rng.choice([1, 2]))


class Card:
    """A picture that is drawn on bit by bit."""

    def __init__(self, style: Style, width: int, height: int) -> None:
        self.style = style
        self.picture: Picture = np.full((height, width, 3), style.ground, np.uint8)

    def write(self, text: str, left: float, top: float, size: float = 0.05) -> None:
        """Write a line; all in shares of the picture."""
        height, width = self.picture.shape[:2]
        at = (int(left * width), int((top + size) * height))
        style = self.style
        cv2.putText(
            self.picture,
            text,
            at,
            style.font,
            size * height / 22,
            style.ink,
            style.weight * height // 400 + 1,
            cv2.LINE_AA,
        )

    def box(self, left: float, top: float, right: float, bottom: float, fill: bool = False) -> None:
        """Draw a rectangle; all in shares of the picture."""
        height, width = self.picture.shape[:2]
        corner, other = (int(left * width), int(top * height)), (int(right * width), int(bottom * height))
        cv2.rectangle(self.picture, corner, other, self.style.ink, -1 if fill else max(1, height // 240))

    def lay(self, picture: Picture, left: float, top: float) -> None:
        """Lay another picture on it."""
        height, width = self.picture.shape[:2]
        y, x = int(top * height), int(left * width)
        tall, wide = picture.shape[:2]
        self.picture[y : y + tall, x : x + wide] = picture[: height - y, : width - x]


def draw_card(rng: random.Random, style: Style, width: int, height: int) -> Picture:
    """Draw a card of any kind."""
    card = Card(style, width, height)
    rng.choice([_statement, _list, _boxes, _plot, _columns, _photographs])(rng, card)
    return card.picture


def draw_list(rng: random.Random, style: Style, width: int, height: int, lines: int) -> list[Picture]:
    """Draw a card to which its lines come one by one: a picture for each, from none to all."""
    card = Card(style, width, height)
    card.write(words(rng, 2, 3).upper(), 0.06, 0.07, 0.06)
    pictures = [card.picture.copy()]
    for line in range(lines):
        card.write("- " + words(rng, 1, 4), 0.08, 0.2 + line * 0.7 / lines, min(0.05, 0.4 / lines))
        pictures.append(card.picture.copy())
    return pictures


def _statement(rng: random.Random, card: Card) -> None:
    card.write(words(rng, 1, 3), 0.1 + rng.random() * 0.2, 0.3 + rng.random() * 0.3, 0.07)


def _list(rng: random.Random, card: Card) -> None:
    card.write(words(rng, 2, 3).title(), 0.06, 0.08, 0.06)
    for line in range(rng.randint(2, 6)):
        card.write("* " + words(rng, 2, 5), 0.08, 0.24 + line * 0.11, 0.038)


def _boxes(rng: random.Random, card: Card) -> None:
    card.write(words(rng, 1, 2), 0.06, 0.06, 0.05)
    for column in range(rng.randint(2, 4)):
        top = rng.uniform(0.2, 0.6)
        card.box(0.06 + column * 0.23, top, 0.24 + column * 0.23, top + rng.uniform(0.12, 0.3))
        card.write(words(rng, 1, 1), 0.08 + column * 0.23, top + 0.03, 0.035)


def _plot(rng: random.Random, card: Card) -> None:
    card.write(words(rng, 2, 3), 0.3, 0.04, 0.045)
    card.box(0.1, 0.15, 0.9, 0.9)
    height, width = card.picture.shape[:2]
    phase, waves = rng.random() * 6, rng.uniform(1, 9)
    xs = np.linspace(0.1, 0.9, 200)
    ys = 0.52 + 0.3 * np.sin(phase + xs * waves * 3) * np.exp(-xs * rng.random())
    points = np.stack([xs * width, ys * height], 1).astype(np.int32)
    cv2.polylines(card.picture, [points], False, card.style.ink, max(1, height // 200), cv2.LINE_AA)


def _columns(rng: random.Random, card: Card) -> None:
    card.write(words(rng, 1, 3), 0.06, 0.05, 0.05)
    for column in range(2):
        for line in range(rng.randint(2, 7)):
            card.write(words(rng, 1, 3), 0.06 + column * 0.48, 0.22 + line * 0.09, 0.032)
    card.box(0.5, 0.2, 0.503, 0.92, fill=True)


def _photographs(rng: random.Random, card: Card) -> None:
    card.write(words(rng, 1, 3), 0.06, 0.04, 0.05)
    height, width = card.picture.shape[:2]
    for column in range(rng.randint(1, 3)):
        size = (int(width * 0.26), int(height * rng.uniform(0.35, 0.6)))
        card.lay(photo(rng.randrange(10**6), *size), 0.05 + column * 0.31, 0.25)
