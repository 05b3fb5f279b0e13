"""Find bands of changing text at the edge of the picture: subtitles, clocks, news tickers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sightline.extract.slides.changes import Change
from sightline.extract.slides.views import Mask, union

# Subtitles stand in the lowest quarter, a clock or a title bar in the uppermost eighth.
_BOTTOM_SHARE = 0.25
_TOP_SHARE = 0.125
# A word or more; a pointer and its trail are shorter.
_LEAST_WIDTH_SHARE = 0.12
# A word has so many pixels at least; see `changes`.
_LEAST_PIXELS = 64
# So many lone changes within a minute: a lecture that replaces the last line of a slide so often is not one.
_LEAST_CHANGES = 4
_WITHIN_SECONDS = 60.0
# Of which so many must take something away: bullets at the foot of a slide only come.
_LEAST_TAKEN = 2


@dataclass(frozen=True, slots=True, eq=False)
class BandChange:
    """A change that touched nothing but one edge of the picture."""

    seconds: float
    change: Change

    @property
    def top(self) -> bool:
        """Whether it is the upper edge."""
        rows = np.flatnonzero(self.change.blocks.any(axis=1))
        return bool(rows[-1] < len(self.change.blocks) / 2)


def in_band(change: Change) -> bool:
    """Tell whether only the lowest quarter, or only the uppermost eighth, has changed, by a word at least."""
    rows = np.flatnonzero(change.blocks.any(axis=1))
    columns = np.flatnonzero(change.blocks.any(axis=0))
    count = change.blocks.shape[0]
    if not len(rows) or columns[-1] - columns[0] < _LEAST_WIDTH_SHARE * change.blocks.shape[1]:
        return False
    return bool(rows[0] >= (1 - _BOTTOM_SHARE) * count - 1 or rows[-1] <= _TOP_SHARE * count)


def may_be_in_band(hot: Mask) -> bool:
    """Tell from changed pixels whether a word at an edge may have changed; cheap."""
    height = hot.shape[0]
    top, bottom = int(_TOP_SHARE * height), int((1 - _BOTTOM_SHARE) * height)
    return bool(max(np.count_nonzero(hot[:top]), np.count_nonzero(hot[bottom:])) >= _LEAST_PIXELS)


def ticker(changes: Sequence[BandChange]) -> Mask | None:
    """Give the blocks of the bands that change again and again by themselves; None when there is none.

    Args:
        changes: those for which `in_band` holds, in order of time.
    """
    upper, lower = [one for one in changes if one.top], [one for one in changes if not one.top]
    return union(_band(upper), _band(lower))


def _band(changes: Sequence[BandChange]) -> Mask | None:
    for index in range(len(changes) - _LEAST_CHANGES + 1):
        inside = [one for one in changes[index:] if one.seconds - changes[index].seconds <= _WITHIN_SECONDS]
        taken = sum(1 for one in inside if one.change.removed + one.change.replaced > one.change.added // 4)
        if len(inside) >= _LEAST_CHANGES and taken >= _LEAST_TAKEN:
            return _rows(inside)
    return None


def _rows(changes: Sequence[BandChange]) -> Mask:
    often = np.sum([one.change.blocks for one in changes], axis=0) >= 2
    rows = np.flatnonzero(often.any(axis=1))
    band = np.zeros(often.shape, np.bool_)
    if len(rows):
        band[max(0, rows[0] - 1) : rows[-1] + 2] = True
    return band
