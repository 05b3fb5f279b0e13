"""A time in which the picture, apart from what moves in it, stays as it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sightline.extract.slides.changes import Change, compare, differ
from sightline.extract.slides.views import Mask, View, in_pixels, union

# What moves on for longer than the slowest fade is a camera or a film, not a change from one slide to the next.
LEAST_MOVING_SECONDS = 2.6


@dataclass(eq=False)
class Still:
    """A time in which nothing but moving areas changed; or one in which everything moved.

    Attributes:
        views: what was seen in it; in order.
        ignored: blocks that moved around this time.
        moving: whether the whole picture moved.
        settled: whether it is known to last, however short the time between its views.
        scrolled: whether it is the page of the one before, scrolled to a part of which nothing was seen then.
        since: when it came, where that is known better than by its first view.
        until: when it went, where that is known better than by its last view.
    """

    views: list[View]
    ignored: Mask | None = None
    moving: bool = False
    settled: bool = False
    scrolled: bool = False
    since: float | None = None
    until: float | None = None

    @property
    def first(self) -> float:
        """Seconds at which it is there."""
        return self.views[0].seconds if self.since is None else self.since

    @property
    def last(self) -> float:
        """Seconds until which it is there."""
        return self.views[-1].seconds if self.until is None else self.until

    def take(self, view: View, ignored: Mask | None) -> None:
        """Append a view of the same."""
        self.views.append(view)
        self.ignored = union(self.ignored, ignored)

    def go_on(self, other: Still) -> None:
        """Append what shows the same after an interruption."""
        self.views.extend(other.views)
        self.ignored = union(self.ignored, other.ignored)
        self.until = other.until

    @property
    def ignored_pixels(self) -> Mask:
        """The blocks that moved, as pixels of a view."""
        shape = (self.views[0].gray.shape[0], self.views[0].gray.shape[1])
        return np.zeros(shape, np.bool_) if self.ignored is None else in_pixels(self.ignored, shape)

    @property
    def seconds(self) -> float:
        """How long it is there."""
        return self.last - self.first

    @property
    def look(self) -> View:
        """The view to compare by: late, when the encoder has had its time, but before the next change begins."""
        return self.views[len(self.views) * 3 // 4] if len(self.views) > 2 else self.views[0]


def change_between(one: Still, other: Still) -> Change:
    """Compare the looks of two stills, apart from what moves in either."""
    return compare(one.look, other.look, pixels_of(union(one.ignored, other.ignored), one.look))


def same_stills(one: Still, other: Still) -> bool:
    """Tell whether two stills show the same, apart from what moves in either."""
    return not differ(one.look, other.look, pixels_of(union(one.ignored, other.ignored), one.look))


def pixels_of(blocks: Mask | None, view: View) -> Mask | None:
    """Spread a mask of blocks over the pixels of a view."""
    return None if blocks is None else in_pixels(blocks, (view.gray.shape[0], view.gray.shape[1]))
