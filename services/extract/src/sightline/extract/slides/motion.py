"""Where a film moves by itself: a lecturer's picture, a clip in a slide, a camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.extract.slides.changes import STEP, hot_pixels
from sightline.extract.slides.placing import scrolled_by
from sightline.extract.slides.views import Mask, View, blocks_shape, in_blocks, in_pixels

# Views this far apart are compared: a lecturer who talks has moved, a frame of noise has not.
_LAG_SECONDS = 0.4
# Pixels of a block that must differ.
_PIXELS_A_BLOCK = 4
# A block that changes in so many of these steps moves by itself; slides change it once, a fade in a few.
_MOVING_SHARE = 0.25
_LEAST_CHANGES = 4
# A fade goes one way, and two fades turn once in between; what moves turns back again and again.
_STEP_OF_TURN = STEP // 2
_LEAST_TURNS = 2
# From this share of the picture on, it is the picture that moves, not something in it.
FULL_SHARE = 0.4
# Windows further away than this say little about a moment.
_NEAR_SECONDS = 150.0
# A block that moves in so many of all windows moves always.
_ALWAYS_SHARE = 0.5
# Within so long a lecturer's picture moves for sure.
_LONG_ENOUGH_SECONDS = 3.0
_TOUCHED_SHARE = 0.15
_SMALLEST_AREA_BLOCKS = 6
_FILLED_SHARE = 0.45
# What moves as near to two borders of the picture, a twelfth of its width, is in a corner.
_CORNER_BLOCKS = 5


# Something larger than this that moves before what is no slide is a camera with a still background.
_CAMERA_SHARE = 0.12
# A picture that is flat in less than this share of it is no slide: text and diagrams stand on plain ground.
_FLAT_SHARE = 0.4
_FLAT_STEP = 2
# A title of two short words has three times as many pixels of edges.
_INK_SHARE = 0.002
# One step that changes this share of the picture, and so many times more than the steps around it, is a cut.
_CUT_SHARE = 0.15
_CUT_TIMES = 3.0
# A page lasts for so many steps that change next to nothing; a camera for as many that change nearly everything.
_STEPS_TO_TELL = 4
_CALM_SHARE = 0.03
# A front that goes by (a ramp of brightness, a ball) is so many blocks long at least, and is seen in most steps.
_FRONT_BLOCKS = 4
_FRONT_STEPS = 6
_FRONT_SHARE = 0.7
# A step that changes so many times what the usual one does is not the front's.
_FRONT_TIMES = 2.0
# An area of which so much is known to move needs no front.
_KNOWN_SHARE = 0.75
# A page is scrolled when so many steps, those that change most, are nothing else.
_SCROLLED_STEPS = 3
# What is written stays for so long, somewhere in a span.
_STAYS_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class Window:
    """What moved in one span without cuts that was looked at frame by frame.

    Attributes:
        start: seconds of its first view.
        end: seconds of its last view.
        blocks: those that moved by themselves.
        camera: whether it is a camera that moves, not something in a slide.
    """

    start: float
    end: float
    blocks: Mask
    camera: bool

    @property
    def long_enough(self) -> bool:
        """Whether what does not move in it stands still."""
        return self.end - self.start >= _LONG_ENOUGH_SECONDS


def is_flat(view: View, ignored: Mask | None = None) -> bool:
    """Tell whether a view stands on plain ground, as slides do."""
    steps = cv2.morphologyEx(view.soft, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    flat = steps <= _FLAT_STEP
    looked_at = flat if ignored is None or ignored.all() else flat[~ignored]
    return float(looked_at.mean()) >= _FLAT_SHARE


def _has_ink(views: Sequence[View], ignored: Mask) -> bool:
    """Tell whether anything is written that stays a while, apart from what moves; before a plain wall nothing is."""
    least = _INK_SHARE * ignored.size
    middles = (views[len(views) * part // 4] for part in (2, 1, 3))
    return any(np.count_nonzero(_staying(views, middle.seconds) & ~ignored) >= least for middle in middles)


def _staying(views: Sequence[View], seconds: float) -> Mask:
    """Find the edges that stay around a time."""
    near = [view for view in views if abs(view.seconds - seconds) <= _STAYS_SECONDS / 2]
    return np.asarray(np.logical_and.reduce([near[0].edges, *(view.near_edges for view in near[1:])]), np.bool_)


def _window(views: Sequence[View]) -> Window:
    blocks = moving_blocks(views)
    share = float(blocks.mean())
    middle = views[len(views) // 2]
    shape = (middle.gray.shape[0], middle.gray.shape[1])
    moving = in_pixels(blocks, shape)
    camera = share >= FULL_SHARE or (
        share >= _CAMERA_SHARE and not (is_flat(middle, moving) and _has_ink(views, moving))
    )
    # A page that goes by moves in many places, though it is neither a camera nor a picture in the page.
    if share >= _CAMERA_SHARE and _is_scrolled(views):
        blocks, camera = np.zeros_like(blocks), False
    return Window(views[0].seconds, views[-1].seconds, blocks, camera)


def _is_scrolled(views: Sequence[View]) -> bool:
    """Tell whether it is a page on plain ground that moves up or down as a whole, where it moves most."""
    steps = [np.count_nonzero(hot_pixels(one, other)) for one, other in pairwise(views)]
    most = np.argsort(steps)[-_SCROLLED_STEPS:]
    return all(is_flat(views[at]) and scrolled_by(views[at], views[at + 1]) is not None for at in most)


def _uncut(views: Sequence[View]) -> list[Sequence[View]]:
    """Part a span where a step changes far more than the others do, and where a page and a camera meet."""
    shares = np.array([np.count_nonzero(hot_pixels(one, other)) / one.gray.size for one, other in pairwise(views)])
    meetings = _meetings(shares)
    if meetings:
        return [views[start:end] for start, end in pairwise([0, *meetings, len(views)])]
    usual = float(np.median(shares)) if len(shares) else 0.0
    cuts = [int(index) + 1 for index in np.flatnonzero(shares > max(_CUT_SHARE, _CUT_TIMES * usual))]
    return [views[start:end] for start, end in pairwise([0, *cuts, len(views)])]


def _meetings(shares: NDArray[np.float64]) -> list[int]:
    """Find the views with which a time begins in which all moves, after one in which nothing did, or the other way."""
    loud, calm = shares > FULL_SHARE, shares < _CALM_SHARE
    found = []
    for at in range(_STEPS_TO_TELL, len(shares) - _STEPS_TO_TELL + 1):
        before, after = np.s_[at - _STEPS_TO_TELL : at], np.s_[at : at + _STEPS_TO_TELL]
        if calm[before].all() and loud[after].all():
            found.append(at + 1)
        elif loud[before].all() and calm[after].all():
            found.append(at)
    return found


def moving_blocks(views: Sequence[View]) -> Mask:
    """Tell which blocks move by themselves in a span of views: they change often, and to and fro."""
    lagged = _lagged(views)
    shape = lagged[0].gray.shape
    counts = np.zeros(blocks_shape(*shape), np.int32)
    if len(lagged) < _LEAST_CHANGES + 1:
        return counts > 0
    direction, turns = np.zeros(shape, np.int8), np.zeros(shape, np.uint8)
    steps: list[Mask] = []
    for one, other in pairwise(lagged):
        steps.append(in_blocks(hot_pixels(one, other)) >= _PIXELS_A_BLOCK)
        counts += steps[-1]
        step = other.soft.astype(np.int16) - one.soft
        now = (step > _STEP_OF_TURN).view(np.int8) - (step < -_STEP_OF_TURN).view(np.int8)
        turns += now * direction < 0
        np.copyto(direction, now, where=now != 0)
    restless = in_blocks(turns >= _LEAST_TURNS) >= _PIXELS_A_BLOCK
    least = max(_LEAST_CHANGES, _MOVING_SHARE * (views[-1].seconds - views[0].seconds) / _LAG_SECONDS)
    moving = filled(restless & (counts >= least))
    return moving | _fronts(steps, moving)


def _fronts(steps: Sequence[Mask], moving: Mask) -> Mask:
    """Find the areas in which something goes by in nearly every step, though each place changes but once or twice.

    Where most of an area is known to move, what has changed but once beside it may be a build.
    """
    sizes = [int(np.count_nonzero(step)) for step in steps]
    usual = float(np.median(sizes))
    found = np.zeros(steps[0].shape, np.bool_)
    if len(steps) < _FRONT_STEPS or usual < _FRONT_BLOCKS:
        return found
    fronts = [_long_things(step) for step, size in zip(steps, sizes, strict=True) if size <= _FRONT_TIMES * usual]
    counts = np.sum(fronts, axis=0)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((counts > 0).astype(np.uint8), connectivity=8)
    for label in range(1, count):
        area, (_, _, wide, high, size) = labels == label, stats[label]
        seen = sum(1 for front in fronts if (front & area).any())
        known = np.count_nonzero(moving & area) / size
        if min(wide, high) < _FRONT_BLOCKS or seen < max(_FRONT_STEPS, _FRONT_SHARE * len(steps)):
            continue
        if known < _KNOWN_SHARE:
            found |= filled(area & (counts > 1) if known > 0.5 else area)
    return found if found.mean() < FULL_SHARE else np.zeros_like(found)


def _long_things(step: Mask) -> Mask:
    """Keep the things that are longer than any pointer."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(step.astype(np.uint8), connectivity=8)
    long = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) >= _FRONT_BLOCKS
    long[0] = False
    return np.asarray(long[labels], np.bool_)


def _lagged(views: Sequence[View]) -> list[View]:
    kept = [views[0]]
    for view in views[1:]:
        if view.seconds - kept[-1].seconds >= _LAG_SECONDS - 1e-3:
            kept.append(view)
    return kept


def filled(blocks: Mask) -> Mask:
    """Join moving blocks to areas, drop specks (a pointer), and make near-rectangles whole, with a rim of one block."""
    joined = cv2.morphologyEx(blocks.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    areas = np.zeros(blocks.shape, np.uint8)
    for label in range(1, count):
        left, top, wide, high, size = stats[label]
        if size < _SMALLEST_AREA_BLOCKS:
            continue
        whole = size >= _FILLED_SHARE * wide * high
        if whole:
            left, top, wide, high = _into_corner(left, top, wide, high, blocks.shape)
        areas[top : top + high, left : left + wide] |= (
            1 if whole else labels[top : top + high, left : left + wide] == label
        )
    return np.asarray(cv2.dilate(areas, np.ones((3, 3), np.uint8)), np.bool_)


def _into_corner(left: int, top: int, wide: int, high: int, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Widen an area that moves beside a corner of the picture to the corner, and as much on its other side.

    The lecturer is in the middle of the inset, and the wall behind changes too slowly to be seen to move.
    """
    right, below = shape[1] - left - wide, shape[0] - top - high
    aside, upright = min(left, right), min(top, below)
    if max(aside, upright) > _CORNER_BLOCKS:
        return left, top, wide, high
    first, last = max(0, left - aside), min(shape[1], left + wide + aside)
    return first, top - upright if top == upright else top, last - first, high + upright


class Motion:
    """What is known of moving areas, by time."""

    def __init__(self) -> None:
        self.windows: list[Window] = []
        self._last: Sequence[View] = ()

    def note(self, views: Sequence[View]) -> None:
        """Learn from a span of views.

        One that begins where the last ended goes on with it, until both are long enough to tell: live streams have key
        frames a second apart, and in a second nothing can be seen to move to and fro.
        """
        if self._last and not self.windows[-1].long_enough and views[0].seconds <= self._last[-1].seconds + 1e-3:
            views = [*self._last[:-1], *views]
            self.windows.pop()
        parts = _uncut(views)
        self.windows.extend(_window(part) for part in parts)
        self._last = parts[-1]

    def camera_at(self, seconds: float) -> bool:
        """Tell whether a time was seen to be a camera's."""
        return any(window.camera and window.start < seconds <= window.end for window in self.windows)

    def camera_until(self, seconds: float) -> bool:
        """Tell whether the last that was seen before a time was a camera."""
        return bool(self.windows) and self.windows[-1].camera and self.windows[-1].end >= seconds - 1e-3

    def camera_goes_on(self, seconds: float) -> None:
        """Note that a camera is still there at a time, although nothing was seen in between."""
        self.windows[-1] = replace(self.windows[-1], end=seconds)

    def at(self, seconds: float) -> Mask | None:
        """Tell which blocks to leave out at a time: what moves around it, before and after, and what moves always.

        Spans of camera say nothing about areas in slides.
        """
        partly = [window for window in self.windows if not window.camera]
        if not partly:
            return None
        # One too short to see anything move must not stand in the way of what longer ones say.
        partly = [window for window in partly if window.long_enough or window.blocks.any()] or partly
        before = [window for window in partly if window.start <= seconds and seconds - window.end < _NEAR_SECONDS]
        after = [window for window in partly if window.start > seconds and window.start - seconds < _NEAR_SECONDS]
        always = np.mean([window.blocks for window in partly], axis=0) >= _ALWAYS_SHARE
        near: Mask = np.logical_or.reduce([window.blocks for window in (*before[-2:], *after[:2])] or [always])
        own = [window for window in partly if window.start <= seconds <= window.end and window.long_enough]
        if own:
            near = _touched(near, own[-1].blocks)
        total: NDArray[np.bool_] = always | near
        return total if total.any() else None


def _touched(areas: Mask, moving: Mask) -> Mask:
    """Keep the areas in which something moves now: a clip that has ended is a picture like any other."""
    count, labels = cv2.connectedComponents(areas.astype(np.uint8), connectivity=8)
    share = np.bincount(labels[moving], minlength=count) / np.maximum(1, np.bincount(labels.ravel(), minlength=count))
    share[0] = 0.0
    return np.asarray((share >= _TOUCHED_SHARE)[labels] | moving)
