"""What is drawn on a slide beside its text: figures, photographs, the rules of tables."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.extract.text.line import Line
from sightline.extract.text.page import Drawing, Page

Pixels = NDArray[np.uint8]

# The width of the small picture in which drawings are looked for; a rule of a table is still a pixel there.
_WIDTH_PX = 480
# What is more times as high as wide gets a narrower one: a strip would be blown up to gigabytes.
_TALLEST = 4.0
# How far a channel is from the ground to be ink; gradients of a ground stay below.
_INK_STEP = 32
# What is nearer than this share of the width is one drawing.
_JOIN_SHARE = 0.03
# A drawing has at least these shares of width and height; what is less is a bullet or a logo.
_LEAST_SHARE = (0.06, 0.1)
# What lies along an edge of the picture and is no wider than this share of it belongs to the template.
_TEMPLATE_SHARE = 0.16
# A rule is at least this share of the width long, and at most this many pixels of the small picture thick.
_RULE_SHARE = 0.2
_RULE_PX = 4
_LOOK_PX = (128, 72)
# A few letters this many times as high as the other lines, over this share of the picture, are a curve read as letters.
_HUGE = 4.0
_HUGE_SHARE = 0.2
_HUGE_LETTERS = 3


def look_at(pixels: Pixels, lines: Sequence[Line]) -> Page:
    """Keep of a picture what `describe` and `merge` need; the pixels can go then.

    Args:
        pixels: height x width x 3, uint8, BGR.
        lines: what a TextReader read in it.
    """
    height, width = pixels.shape[:2]
    scale = _WIDTH_PX / max(width, height / _TALLEST)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    text = [line for line in lines if not _is_curve(line, lines, height)]
    cleared, ground = _without_text(np.asarray(small, np.uint8), text, scale)
    ink = (np.abs(cleared.astype(np.int16) - ground).max(2) > _INK_STEP).astype(np.uint8)
    rules = _rules(ink)
    look = cv2.resize(cv2.cvtColor(cleared, cv2.COLOR_BGR2GRAY), _LOOK_PX, interpolation=cv2.INTER_AREA)
    drawing = Drawing(_share(ink), _count(rules), np.asarray(look, np.uint8))
    return Page(tuple(lines), width, height, drawing)


def _without_text(small: Pixels, lines: Sequence[Line], scale: float) -> tuple[Pixels, NDArray[np.int16]]:
    """Paint the ground over the lines; the ground is the colour that most of the picture has."""
    coarse = (small >> 4).reshape(-1, 3).astype(np.int32)
    keys = (coarse[:, 0] << 8) | (coarse[:, 1] << 4) | coarse[:, 2]
    most = np.bincount(keys, minlength=4096).argmax()
    ground = np.median(small.reshape(-1, 3)[keys == most], axis=0).astype(np.int16)
    cleared = small.copy()
    for line in lines:
        left, top, right, bottom = (round(edge * scale) for edge in line.box)
        around = small[max(0, top - 2) : bottom + 3, max(0, left - 2) : right + 3]
        if around.size:
            edge = np.concatenate([around[0], around[-1], around[:, 0], around[:, -1]])
            cleared[max(0, top - 1) : bottom + 2, max(0, left - 1) : right + 2] = np.median(edge, axis=0)
    return cleared, ground


def _is_curve(line: Line, lines: Sequence[Line], height_px: int) -> bool:
    others = [other.height_px for other in lines if other is not line]
    huge = others and line.height_px > _HUGE * median(others) and line.height_px > _HUGE_SHARE * height_px
    return bool(huge) and len(line.text) <= _HUGE_LETTERS


def _rules(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Keep what is long, flat and thin."""
    length_px = max(1, round(ink.shape[1] * _RULE_SHARE))
    long = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, length_px), np.uint8))
    thick = cv2.morphologyEx(long, cv2.MORPH_OPEN, np.ones((_RULE_PX + 1, 1), np.uint8))
    return np.asarray(cv2.subtract(long, thick), np.uint8)


def _count(rules: NDArray[np.uint8]) -> int:
    return int(cv2.connectedComponents(cv2.dilate(rules, np.ones((3, 3), np.uint8)))[0]) - 1


def _share(ink: NDArray[np.uint8]) -> float:
    """Say how much of the picture drawings take up, by the boxes around them."""
    height, width = ink.shape
    join = max(3, round(width * _JOIN_SHARE)) | 1
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((join, join), np.uint8))
    covered = np.zeros((height, width), np.uint8)
    for left, top, wide, tall, _ in cv2.connectedComponentsWithStats(joined)[2][1:].tolist():
        large = wide >= _LEAST_SHARE[0] * width and tall >= _LEAST_SHARE[1] * height
        across, down = (left, left + wide), (top, top + tall)
        template = _lies_at_edge(across, width) or _lies_at_edge(down, height)
        if large and not template:
            covered[top : top + tall, left : left + wide] = 1
    return float(covered.mean())


def _lies_at_edge(extent: tuple[int, int], size: int) -> bool:
    start, end = extent
    return (start <= 1 or end >= size - 1) and end - start <= _TEMPLATE_SHARE * size
