"""Where the slides are in the picture: the whole of it, or a part beside bars, a frame or the lecturer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.extract.slides.slide import WHOLE, Look, Region, Showing
from sightline.extract.slides.views import Mask, in_pixels

# Where slides lie in a part of the picture, the rest of it stays as it is by less than this, for all an encoder does.
_CHANGE_STEP = 24
_SPECK = np.ones((3, 3), np.uint8)
# A pointer may lie beside the slides too; what is as small as one, all by itself, does not tell where they are.
_POINTER_PX = 28
_BESIDE = np.ones((9, 17), np.uint8)
# Where the slide begins there is a step in brightness along this share of its side, two pixels wide after encoding.
_EDGE_STEP = 10
_EDGE_SHARE = 0.7
# What is around slides is plain: nearly all of it within a step of one brightness.
_PLAIN_SHARE = 0.97
_PLAIN_STEP = 10
# What moves beside the slide is the lecturer when it has at least this share of the picture.
_LECTURER_SHARE = 0.02
# A side of which so much moves is the lecturer's, together with the room around.
_LECTURER_SIDE_SHARE = 0.25
# Where grounds differ what changes ends where the slide does; so one looks for its border from a little inside.
_INWARDS_PX = 3
# Slides smaller than this are an inset in something else.
_LEAST_SHARE = 0.15


class _Box(NamedTuple):
    """Pixels of a look, the right and lower ends not included."""

    left: int
    top: int
    right: int
    bottom: int


def slide_region(showings: Sequence[Showing]) -> Region:
    """Find the part of the picture in which the slides of a film lie; the whole where nothing tells otherwise.

    It is cut at steps in brightness that every slide has, and outside of which nothing ever changes. A bar on one side
    alone is as likely a part of the slides' template, so that is cut off only where the lecturer is seen beside the
    slides, or bars of one colour stand on both sides.
    """
    looks = [showing.look for showing in showings]
    if len(looks) < 2:
        return WHOLE
    moving = np.mean([_moving(look) for look in looks], axis=0) > 0.5
    stack = np.stack([look.gray for look in looks])
    changing = cv2.morphologyEx((np.ptp(stack, 0) > _CHANGE_STEP).astype(np.uint8), cv2.MORPH_OPEN, _SPECK) & ~moving
    if not changing.any():
        return WHOLE
    usual = np.median(stack, axis=0)
    box = _within_ground(usual, moving, _Box(*_bounds(_without_pointers(changing))))
    height, width = usual.shape
    if not _lecturer_beside(moving, box):
        box = _paired(box, width, height)
    if (box.right - box.left) * (box.bottom - box.top) < _LEAST_SHARE * width * height:
        return WHOLE
    return box.left / width, box.top / height, box.right / width, box.bottom / height


def _moving(look: Look) -> Mask:
    shape = (look.gray.shape[0], look.gray.shape[1])
    return np.zeros(shape, np.bool_) if look.ignored is None else in_pixels(look.ignored, shape)


def _without_pointers(changing: NDArray[np.uint8]) -> Mask:
    """Leave out what changes alone and is as small as a pointer, unless all is."""
    joined = cv2.dilate(changing, _BESIDE)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    sizes = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]] - _BESIDE.shape[::-1]
    large = sizes.max(axis=1) > _POINTER_PX
    large[0] = False
    kept = large[labels] & changing.astype(np.bool_)
    return np.asarray(kept if kept.any() else changing, np.bool_)


def _bounds(mask: Mask) -> tuple[int, int, int, int]:
    left, top, wide, high = cv2.boundingRect(mask.astype(np.uint8))
    return left, top, left + wide, top + high


class _Side(NamedTuple):
    """What lies on one side of what changes, line by line outwards."""

    brightness: NDArray[np.float64]
    moving: Mask

    def steps(self) -> list[int]:
        """Give the lines behind a step in brightness along nearly all of the side."""
        lines = self.brightness
        shares = (np.abs(lines[2:] - lines[:-2]) > _EDGE_STEP).mean(1) if len(lines) > 2 else np.zeros(0)
        return [int(index) + 1 for index in np.flatnonzero(shares >= _EDGE_SHARE)]

    def still_beyond(self, step: int) -> NDArray[np.float64]:
        """Give what does not move beyond a step and the blurred line behind it."""
        return self.brightness[step + 1 :][~self.moving[step + 1 :]]

    def to_ground(self, ground: float) -> int:
        """Count the lines that still are the slide's; all when there is neither ground nor a lecturer beyond them."""
        return next((step for step in self.steps() if self._ends_at(step, ground)), len(self.brightness))

    def _ends_at(self, step: int, ground: float) -> bool:
        if self.moving[step + 1 :].size and self.moving[step + 1 :].mean() >= _LECTURER_SIDE_SHARE:
            return True
        seen = self.still_beyond(step)
        return not len(seen) or float((np.abs(seen - ground) <= _PLAIN_STEP).mean()) >= _PLAIN_SHARE


def _within_ground(usual: NDArray[np.float64], moving: Mask, inner: _Box) -> _Box:
    """Go outwards from what changes to the first step in brightness with nothing but plain ground beyond it."""
    inner = _Box(
        inner.left + _INWARDS_PX, inner.top + _INWARDS_PX, inner.right - _INWARDS_PX, inner.bottom - _INWARDS_PX
    )
    rows, columns = np.s_[:, inner.left : inner.right], np.s_[inner.top : inner.bottom]
    sides = [
        _Side(usual[columns].T[: inner.left][::-1], moving[columns].T[: inner.left][::-1]),
        _Side(usual[rows][: inner.top][::-1], moving[rows][: inner.top][::-1]),
        _Side(usual[columns].T[inner.right :], moving[columns].T[inner.right :]),
        _Side(usual[rows][inner.bottom :], moving[rows][inner.bottom :]),
    ]
    beyond = np.concatenate([side.still_beyond(step) for side in sides for step in side.steps()[:1]] or [np.zeros(0)])
    if not len(beyond):
        return _Box(0, 0, usual.shape[1], usual.shape[0])
    left, top, right, bottom = (side.to_ground(float(np.median(beyond))) for side in sides)
    box = _Box(inner.left - left, inner.top - top, inner.right + right, inner.bottom + bottom)
    return _along_whole_sides(usual, box)


def _along_whole_sides(usual: NDArray[np.float64], box: _Box) -> _Box:
    """Keep the borders that go on along their whole side: where a word alone has changed, its letters are steps too."""
    kept = _whole_sides(usual, box)
    # A border that is given up makes the sides across it longer.
    return box if kept == box else _along_whole_sides(usual, kept)


def _whole_sides(usual: NDArray[np.float64], box: _Box) -> _Box:
    """Give back what was cut off at a border that ends before its side does."""
    height, width = usual.shape
    rows, columns = np.s_[box.top : box.bottom], np.s_[box.left : box.right]
    return _Box(
        box.left if _has_step(usual[rows].T, box.left) else 0,
        box.top if _has_step(usual[:, columns], box.top) else 0,
        box.right if _has_step(usual[rows].T, box.right) else width,
        box.bottom if _has_step(usual[:, columns], box.bottom) else height,
    )


def _has_step(lines: NDArray[np.float64], at: int) -> bool:
    """Tell whether there is a step in brightness along a line or one beside it, for nearly all of its length."""
    near = range(max(1, at - 2), min(len(lines) - 1, at + 2))
    return any((np.abs(lines[line + 1] - lines[line - 1]) > _EDGE_STEP).mean() >= _EDGE_SHARE for line in near)


def _lecturer_beside(moving: Mask, box: _Box) -> bool:
    inside = np.count_nonzero(moving[box.top : box.bottom, box.left : box.right])
    outside = np.count_nonzero(moving) - inside
    return bool(outside >= _LECTURER_SHARE * moving.size and outside > 4 * inside)


def _paired(box: _Box, width: int, height: int) -> _Box:
    """Give back what was cut off on one side alone."""
    left, right = (box.left, box.right) if box.left > 0 and box.right < width else (0, width)
    top, bottom = (box.top, box.bottom) if box.top > 0 and box.bottom < height else (0, height)
    return _Box(left, top, right, bottom)
