"""Draw pages: titles, bullets, figures, tables, code; each as its builds, BGR."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bench.lectures.themes import Colour, Theme

Picture = NDArray[np.uint8]

_VOCABULARY = """
    entropy gradient sampling kernel matrix proof lemma cell membrane signal market demand supply energy orbit
    photon enzyme protein vector basis rank field theory model method error bound limit series tensor graph node
    edge path tree search cost prior posterior evidence risk policy reward state action value learning network
    layer weight update momentum rate converge noise filter spectrum phase voltage current law treaty empire trade
    river climate carbon ocean species gene mutation selection drift population sample mean variance test
"""
WORDS = _VOCABULARY.split()


@dataclass(frozen=True)
class Page:
    """What a page says; drawn at any size.

    Attributes:
        lines: the text lines (bullets, code, rows).
        kind: bullets, figure, table, code or title.
        seed: of the figure.
    """

    title: str
    lines: tuple[str, ...]
    kind: str
    number: int
    seed: int
    marks: tuple[int, ...] = field(default=())

    def numbered(self, number: int) -> Page:
        return replace(self, number=number)


def words(rng: random.Random, least: int, most: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(least, most)))


def make_page(rng: random.Random, number: int, kind: str | None = None, lines: int | None = None) -> Page:
    kind = kind or rng.choices(["bullets", "figure", "table", "code", "title"], [5, 2, 1, 1, 1])[0]
    count = lines if lines is not None else rng.randint(2, 6)
    return Page(
        words(rng, 2, 4).title(),
        tuple(words(rng, 2, 6) for _ in range(count)),
        kind,
        number,
        rng.randrange(2**31),
    )


def draw_page(page: Page, theme: Theme, width: int, height: int, shown: int | None = None) -> Picture:
    """Draw a page with its first `shown` lines (None: all), as a BGR picture."""
    canvas = Image.fromarray(_ground(theme, width, height))
    draw = ImageDraw.Draw(canvas)
    _draw_template(draw, theme, width, height)
    left = int(width * (0.14 if theme.template == "sidebar" else 0.06))
    if page.kind == "title":
        _text(draw, page.title, (width * 0.14, height * 0.36), height * theme.title_share * 1.3, theme.ink)
        _text(draw, page.lines[0], (width * 0.18, height * 0.55), height * theme.text_share, theme.accent)
    else:
        _text(draw, page.title, (left, height * 0.07), height * theme.title_share, theme.accent)
        _draw_body(draw, page, theme, left, width, height, len(page.lines) if shown is None else shown)
    if theme.numbered:
        _text(draw, str(page.number), (width * 0.94, height * 0.93), height * 0.032, theme.ink)
    drawn = np.array(canvas, np.uint8)
    if page.kind == "figure":
        _draw_figure(drawn, page, theme)
    return drawn


def _ground(theme: Theme, width: int, height: int) -> Picture:
    ground = np.full((height, width, 3), theme.background, np.float32)
    if theme.gradient:
        ground += np.linspace(-14, 14, height, dtype=np.float32)[:, None, None]
    return np.clip(ground, 0, 255).astype(np.uint8)


def _draw_template(draw: ImageDraw.ImageDraw, theme: Theme, width: int, height: int) -> None:
    if theme.template == "bar":
        draw.rectangle((0, 0, width, int(height * 0.05)), fill=theme.accent)
    elif theme.template == "footer":
        draw.rectangle((0, int(height * 0.92), width, height), fill=tuple((3 * c + 128) // 4 for c in theme.background))
        _text(draw, "Department of Applied Studies", (width * 0.05, height * 0.935), height * 0.032, theme.ink)
    elif theme.template == "logo":
        draw.ellipse((int(width * 0.9), int(height * 0.03), int(width * 0.96), int(height * 0.13)), fill=theme.accent)
        _text(draw, "UNI", (width * 0.91, height * 0.06), height * 0.03, theme.background)
    elif theme.template == "sidebar":
        draw.rectangle((0, 0, int(width * 0.1), height), fill=theme.accent)


def _draw_body(
    draw: ImageDraw.ImageDraw, page: Page, theme: Theme, left: int, width: int, height: int, shown: int
) -> None:
    size = height * theme.text_share
    pitch = min(size * 1.9, height * 0.7 / max(1, len(page.lines)))
    for row, line in enumerate(page.lines[:shown]):
        top = height * 0.22 + row * pitch
        if page.kind == "table":
            for column, word in enumerate(line.split()[:4]):
                _text(draw, word, (left + column * width * 0.17, top), size * 0.8, theme.ink)
            draw.line((left, int(top + size * 1.2), int(width * 0.8), int(top + size * 1.2)), fill=theme.ink)
        elif page.kind == "code":
            _text(draw, f"{'    ' * (row % 3)}{line.replace(' ', '_')}()", (left, top), size * 0.8, theme.ink)
        elif page.kind == "figure":
            _text(draw, line[:14], (left, top), size * 0.8, theme.ink)
        else:
            dot = height * 0.012
            draw.ellipse((left, top + size * 0.45, left + dot, top + size * 0.45 + dot), fill=theme.accent)
            _text(draw, line, (left + width * 0.03, top), size, theme.ink)


def _text(draw: ImageDraw.ImageDraw, text: str, at: tuple[float, float], size: float, colour: Colour) -> None:
    draw.text(at, text, fill=colour, font=ImageFont.load_default(max(6.0, size)))


def _draw_figure(drawn: Picture, page: Page, theme: Theme) -> None:
    rng = np.random.default_rng(page.seed)
    height, width = drawn.shape[:2]
    top, bottom, left, right = int(height * 0.22), int(height * 0.86), int(width * 0.4), int(width * 0.88)
    style = int(rng.integers(3))
    if style == 0:
        bars = int(rng.integers(4, 9))
        step = (right - left) // bars
        for bar in range(bars):
            tall = int((bottom - top) * rng.uniform(0.15, 0.95))
            cv2.rectangle(
                drawn, (left + bar * step, bottom - tall), (left + bar * step + step * 2 // 3, bottom), theme.accent, -1
            )
        cv2.line(drawn, (left, bottom), (right, bottom), theme.ink, 2)
    elif style == 1:
        xs = np.linspace(left, right, 60)
        ys = (top + bottom) / 2 + np.cumsum(rng.normal(0, (bottom - top) / 22, 60))
        points = np.stack([xs, np.clip(ys, top, bottom)], 1).astype(np.int32)
        cv2.polylines(drawn, [points], False, theme.accent, max(2, height // 180))
        cv2.rectangle(drawn, (left, top), (right, bottom), theme.ink, 2)
    else:
        drawn[top:bottom, left:right] = photo(page.seed, right - left, bottom - top)


def photo(seed: int, width: int, height: int) -> Picture:
    """Make something that looks like a photograph to an encoder: smooth shapes in many scales."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for cells, weight in ((3, 110.0), (9, 60.0), (40, 25.0)):
        coarse = rng.uniform(-1, 1, (cells, cells * 2, 3)).astype(np.float32)
        total += weight * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(total + 128, 0, 255).astype(np.uint8)
