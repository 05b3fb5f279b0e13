"""What has changed from one view to another, apart from pointers, noise and moving areas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.extract.slides.views import WINDOW_PX, Mask, View, blocks_shape, in_blocks

# Brightness may differ by this much after the blur before a pixel has changed: three times the noise that
# x264 leaves in flat areas at CRF 35.
STEP = 14
# A thing that has changed has some pixels that differ by this much; what a key frame of an encoder changes has none.
_CLEAR_STEP = 24
_CLEAR_PIXELS = 5
# Fewer changed pixels than this are not looked at: a pointer alone changes more.
_FEW_PIXELS = 12
# A mouse pointer is at most a thirtieth of the width; two places of it that touch are not yet a word.
POINTER_PX = 17
# In a film of few lines a pointer is larger: one or two things, where it was and where it is, that are no words, for
# they stand upright, or are nearly as high as wide where both places touch.
_LARGE_POINTER_PX = 28
_UPRIGHT_SHARE = 0.4
_LYING_SHARE = 0.6
# What is as narrow as this and no higher than a large pointer is the trail of one: words lie, and lines are longer.
_TRAIL_PX = 8
# A bar along the upper or lower border of the picture that is as low as this tells how much of the film is over.
_BAR_SHARE = 0.025
# Shapes that correlate this well are the same ink, dimmed, brightened or blurred by the encoder.
_SAME_SHAPE = 0.82
_LEAST_SPREAD = 5.0
# Half a word; and on a page full of ink the same share of it, since each edge is a little different in each key frame.
_LEAST_PIXELS = 64
_LEAST_SHARE = 0.001
# A thing of which this share lies where something moves, and all but a little close to it, belongs to what moves.
_MOSTLY = 0.4
_NEARLY_ALL = 0.95
_RIM = np.ones((49, 49), np.uint8)
# Letters and words nearer than this are one thing that has changed; lines of text stay apart.
_JOIN = cv2.getStructuringElement(cv2.MORPH_RECT, (9, 5))
# Of all that was added so much may have been taken away elsewhere, by what noise makes of borders.
_TORN_SHARE = 0.02
# Of letters that stand for others so much lies where both have ink, beside what the longer word adds.
_SWAPPED_SHARE = 0.3
# A page that keeps less ink than this share of what it gains was empty before, and is another page now.
_KEPT_SHARE = 0.06


@dataclass(frozen=True, eq=False)
class Change:
    """What differs between two views, in changed pixels; things as small as pointers are not counted.

    Attributes:
        one: the earlier view.
        other: the later view.
        hot: pixels that have changed; None when only pointers and noise differ.
        ignored: pixels that move by themselves.
    """

    one: View
    other: View
    hot: Mask | None
    ignored: Mask | None

    @property
    def area(self) -> float:
        """Changed share of the picture, 0 to 1; 0 when only pointers and noise differ."""
        return 0.0 if self.hot is None else np.count_nonzero(self.hot) / self.hot.size

    @cached_property
    def blocks(self) -> Mask:
        """Blocks with changed pixels."""
        if self.hot is None:
            return np.zeros(blocks_shape(self.one.gray.shape[0], self.one.gray.shape[1]), np.bool_)
        return in_blocks(self.hot) > 0

    @cached_property
    def added(self) -> int:
        """Where there was ground and now is ink."""
        return self._count(self.other.busy & ~self.one.busy)

    @cached_property
    def removed(self) -> int:
        """Where there was ink and now is ground."""
        return self._count(self.one.busy & ~self.other.busy)

    @cached_property
    def replaced(self) -> int:
        """Where one ink stands for another, or one ground for another."""
        return self._count(self.one.busy == self.other.busy)

    @cached_property
    def kept(self) -> int:
        """Pixels of edges that both have."""
        return 0 if self.hot is None else _kept(self.one, self.other, self.ignored)

    @cached_property
    def swaps_letters(self) -> bool:
        """Whether a short word stands for another: each part is as small as a pointer, but one lies on ink of both.

        A pointer that has moved a little takes away as much as it adds.
        """
        if self.hot is None or self.added or self.removed or self.replaced:
            return False
        added = int(np.count_nonzero(self.hot & self.other.busy & ~self.one.busy))
        removed = int(np.count_nonzero(self.hot & self.one.busy & ~self.other.busy))
        replaced = int(np.count_nonzero(self.hot)) - added - removed
        return replaced >= _SWAPPED_SHARE * (added + removed) and min(added, removed) <= _TORN_SHARE * max(
            added, removed
        )

    def _count(self, pixels: Mask) -> int:
        return 0 if self.hot is None else int(np.count_nonzero(self.hot & pixels & _things(self.hot & pixels)))

    @property
    def significant(self) -> bool:
        """Whether anything but pointers and noise differs."""
        return self.hot is not None

    @property
    def is_build(self) -> bool:
        """Whether the second is the first and more: something was added to a page and nothing taken away."""
        return self.removed + self.replaced <= _TORN_SHARE * self.added and self.kept >= _KEPT_SHARE * self.added

    @property
    def is_step_back(self) -> bool:
        """Whether the second is the first and less, and a page is left."""
        return self.added + self.replaced <= _TORN_SHARE * self.removed and self.kept >= _KEPT_SHARE * self.removed

    @property
    def same_page(self) -> bool:
        """Whether both are builds of one page, or the same."""
        return not self.significant or (not self.swaps_letters and (self.is_build or self.is_step_back))


def hot_pixels(one: View, other: View) -> Mask:
    """Tell which pixels differ in brightness by more than noise does."""
    return np.asarray(cv2.absdiff(one.soft, other.soft) > STEP)


def compare(one: View, other: View, ignored: Mask | None = None) -> Change:
    """Tell what has changed from one view to the other.

    Args:
        one: the earlier view.
        other: the later view, of the same size.
        ignored: pixels that move by themselves.
    """
    return Change(one, other, _changed(one, other, ignored), ignored)


def differ(one: View, other: View, ignored: Mask | None = None) -> bool:
    """Tell whether anything but pointers and noise has changed: as `compare`, for half the work."""
    return _changed(one, other, ignored) is not None


def is_written(view: View, ignored: Mask) -> bool:
    """Tell whether there is half a word or more of ink apart from what is ignored; a pointer is none."""
    ink = view.edges & ~ignored
    return int(np.count_nonzero(ink & _things(ink))) >= _LEAST_PIXELS


def _changed(one: View, other: View, ignored: Mask | None) -> Mask | None:
    """Find the pixels that have changed; None where they are too few, too small or too faint."""
    hot = hot_pixels(one, other)
    if _few(hot if ignored is None else hot & ~ignored):
        return None
    if ignored is not None:
        hot = _beside(hot, ignored)
    clear = cv2.absdiff(one.soft, other.soft) > _CLEAR_STEP
    # Pointers go first: they are most of what differs, and cheap to tell.
    hot &= _things(hot, clear)
    if _few(hot):
        return None
    hot &= ~alike(one, other, _SAME_SHAPE)
    hot &= _things(hot, clear)
    return hot if np.count_nonzero(hot) >= max(_LEAST_PIXELS, _LEAST_SHARE * _kept(one, other, ignored)) else None


def _few(hot: Mask) -> bool:
    return int(np.count_nonzero(hot)) < _FEW_PIXELS


def _beside(hot: Mask, ignored: Mask) -> Mask:
    """Leave out what moves, and things that for the most part lie in it: the still edge of a moving picture."""
    left, top, wide, high = cv2.boundingRect(hot.view(np.uint8))
    part = np.s_[top : top + high, left : left + wide]
    joined = cv2.dilate(np.ascontiguousarray(hot[part]).view(np.uint8), _JOIN)
    _, labels = cv2.connectedComponents(joined, connectivity=8, ltype=cv2.CV_16U)
    near = np.asarray(cv2.dilate(ignored.view(np.uint8), _RIM), np.bool_)[part]
    # Few pixels are hot: it is quicker to pick them once than to go through the whole view each time.
    at = np.flatnonzero(hot[part])
    thing, inside = labels.ravel()[at], ignored[part].ravel()[at]
    total = np.bincount(thing)
    within = np.bincount(thing[inside], minlength=len(total))
    close = np.bincount(thing[near.ravel()[at]], minlength=len(total))
    of_it = (within >= _MOSTLY * total) & (close >= _NEARLY_ALL * total)
    kept = np.zeros(wide * high, np.bool_)
    kept[at] = ~inside & ~of_it[thing]
    beside = np.zeros(hot.shape, np.bool_)
    beside[part] = kept.reshape(high, wide)
    return beside


def alike(one: View, other: View, least: float) -> Mask:
    """Find where both have the same shapes, in whatever strength: normalised correlation of at least `least`."""
    mean, spread = one.spread
    other_mean, other_spread = other.spread
    size = (WINDOW_PX, WINDOW_PX)
    product = cv2.blur(one.soft.astype(np.float32) * other.soft, size) - mean * other_mean
    both = (spread > _LEAST_SPREAD) & (other_spread > _LEAST_SPREAD)
    return np.asarray(both & (product > least * spread * other_spread))


def _things(hot: Mask, clear: Mask | None = None) -> Mask:
    """Join changed pixels to things, and leave out those that are as small as pointers or nowhere clear."""
    things = np.zeros(hot.shape, np.bool_)
    left, top, wide, high = cv2.boundingRect(hot.view(np.uint8))
    if max(wide, high) <= POINTER_PX:
        return things
    part = np.s_[top : top + high, left : left + wide]
    joined = cv2.dilate(hot[part].view(np.uint8), _JOIN)
    # Two bytes hold the number of every thing in a view, and are filled in half the time.
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8, ltype=cv2.CV_16U)
    widths, heights = _sizes(np.asarray(stats, np.int32), wide, high)
    large = np.maximum(widths, heights) > POINTER_PX
    large &= (widths > _TRAIL_PX) | (heights > _LARGE_POINTER_PX)
    large[0] = False
    if clear is not None and large.any():
        large &= ~_large_pointer(widths, heights, large)
        large &= ~_bar_at_border(np.asarray(stats, np.int32), heights, top, high, hot.shape[0])
        large &= np.bincount(labels[clear[part]], minlength=len(large)) >= _CLEAR_PIXELS
    things[part] = np.take(large, np.asarray(labels, np.uint16))
    return things


def _large_pointer(widths: NDArray[np.int32], heights: NDArray[np.int32], large: Mask) -> Mask:
    """Tell which things are a large pointer, where it was and where it is; none where more than two look like one."""
    alike_sides = (widths >= _UPRIGHT_SHARE * heights) & (heights >= _LYING_SHARE * widths)
    found = large & alike_sides & (np.maximum(widths, heights) <= _LARGE_POINTER_PX)
    return np.asarray(found if np.count_nonzero(found) <= 2 else np.zeros_like(found), np.bool_)


def _bar_at_border(
    stats: NDArray[np.int32], heights: NDArray[np.int32], top: int, high: int, height: int
) -> NDArray[np.bool_]:
    """Tell which things of a part are a bar along the border: no line of text is so low."""
    above = (top == 0) & (stats[:, cv2.CC_STAT_TOP] == 0)
    below = (top + high == height) & (stats[:, cv2.CC_STAT_TOP] + stats[:, cv2.CC_STAT_HEIGHT] == high)
    return np.asarray((above | below) & (heights <= _BAR_SHARE * height), np.bool_)


def _sizes(stats: NDArray[np.int32], wide: int, high: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Give width and height of joined things, without what joining them has added on either side."""
    rim_x, rim_y = _JOIN.shape[1] // 2, _JOIN.shape[0] // 2
    left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP]
    right, bottom = left + stats[:, cv2.CC_STAT_WIDTH], top + stats[:, cv2.CC_STAT_HEIGHT]
    # At the border of the part nothing was added.
    widths = right - np.where(right < wide, rim_x, 0) - left - np.where(left > 0, rim_x, 0)
    heights = bottom - np.where(bottom < high, rim_y, 0) - top - np.where(top > 0, rim_y, 0)
    return widths, heights


def _kept(one: View, other: View, ignored: Mask | None) -> int:
    """Count the pixels of edges that both have."""
    kept = one.edges & other.near_edges
    return int(np.count_nonzero(kept if ignored is None else kept & ~ignored))
