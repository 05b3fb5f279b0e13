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
# Where the slide begins there is a step in brightness along this share of its side, two pixels wide after encoding.
_EDGE_STEP = 10
_EDGE_SHARE = 0.7
# Bars and frames are plain: nearly all of them within a step of their own median; and both have one colour.
_PLAIN_SHARE = 0.97
_PLAIN_STEP = 10
# What moves beside the slide is the lecturer when it has at least this share of the picture.
_LECTURER_SHARE = 0.02
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
    usual = np.median(stack, axis=0).astype(np.int16)
    box = _stepped(usual, _Box(*_bounds(np.asarray(changing, np.bool_))))
    if not _lecturer_beside(moving, box):
        box = _paired(usual, box)
    height, width = usual.shape
    if (box.right - box.left) * (box.bottom - box.top) < _LEAST_SHARE * width * height:
        return WHOLE
    return box.left / width, box.top / height, box.right / width, box.bottom / height


def _moving(look: Look) -> Mask:
    shape = (look.gray.shape[0], look.gray.shape[1])
    return np.zeros(shape, np.bool_) if look.ignored is None else in_pixels(look.ignored, shape)


def _bounds(mask: Mask) -> tuple[int, int, int, int]:
    left, top, wide, high = cv2.boundingRect(mask.astype(np.uint8))
    return left, top, left + wide, top + high


def _stepped(usual: NDArray[np.int16], inner: _Box) -> _Box:
    """Go outwards from what changes to the nearest step in brightness on each side, or to the picture's border."""
    height, width = usual.shape
    columns = _step_share(usual[inner.top : inner.bottom].T)
    rows = _step_share(usual[:, inner.left : inner.right])
    return _Box(
        _last(columns[: inner.left + 1], 0),
        _last(rows[: inner.top + 1], 0),
        inner.right + _first(columns[inner.right :], width - inner.right),
        inner.bottom + _first(rows[inner.bottom :], height - inner.bottom),
    )


def _step_share(lines: NDArray[np.int16]) -> NDArray[np.float64]:
    """Give for each line the share of it that differs from the line before the last."""
    shares = np.zeros(len(lines))
    shares[1:-1] = (np.abs(lines[2:] - lines[:-2]) > _EDGE_STEP).mean(1)
    return shares


def _last(shares: NDArray[np.float64], otherwise: int) -> int:
    found = np.flatnonzero(shares >= _EDGE_SHARE)
    return int(found[-1]) if len(found) else otherwise


def _first(shares: NDArray[np.float64], otherwise: int) -> int:
    found = np.flatnonzero(shares >= _EDGE_SHARE)
    return int(found[0]) + 1 if len(found) else otherwise


def _lecturer_beside(moving: Mask, box: _Box) -> bool:
    inside = np.count_nonzero(moving[box.top : box.bottom, box.left : box.right])
    outside = np.count_nonzero(moving) - inside
    return bool(outside >= _LECTURER_SHARE * moving.size and outside > 4 * inside)


def _paired(usual: NDArray[np.int16], box: _Box) -> _Box:
    """Keep what bars of one colour on both sides cut off, and give the rest back."""
    height, width = usual.shape
    left, right = box.left, box.right
    if not _one_colour(usual[:, :left], usual[:, right:]):
        left, right = 0, width
    top, bottom = box.top, box.bottom
    if not _one_colour(usual[:top, left:right], usual[bottom:, left:right]):
        top, bottom = 0, height
    return _Box(left, top, right, bottom)


def _one_colour(one: NDArray[np.int16], other: NDArray[np.int16]) -> bool:
    if not one.size or not other.size:
        return False
    middle = np.median(one)
    return all(float((np.abs(bar - middle) <= _PLAIN_STEP).mean()) >= _PLAIN_SHARE for bar in (one, other))
