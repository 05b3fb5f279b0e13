"""What lies between two stills: a hard cut, a page that is scrolled, or both."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sightline.extract.slides.changes import differ, hot_pixels
from sightline.extract.slides.placing import place, scrolled_by
from sightline.extract.slides.still import LEAST_MOVING_SECONDS, Still, pixels_of
from sightline.extract.slides.views import View, union

# A step that brings so much of what differs between two stills, and so many times what other steps do, is the cut.
_CUT_SHARE = 0.5
_CUT_TIMES = 2
# A page that is scrolled so far is seen on its way so often at least; most changes are quicker.
_LEAST_STEPS = 5
# Of the steps in which a page is scrolled so many may show something else, as its first and last, which hardly move it.
_OTHER_STEPS_SHARE = 0.25
# A page that is pushed out by another moves by its own height, and no further.
_PUSHED_SHARE = 1.1


def meet(one: Still, between: list[View], other: Still) -> None:
    """Tell whether a page was scrolled between two stills, and where they meet if there is a cut."""
    seen = [one.views[-1], *between, other.views[0]]
    if not _scrolled_on(seen):
        _meet_at_cut(one, between, other)
        return
    cut = _cut_beside_scroll(seen)
    other.scrolled = cut is None
    if cut is not None:
        one.until = other.since = cut


def _cut_beside_scroll(views: list[View]) -> float | None:
    """Find the cut to a page that is scrolled at once, or from one that was scrolled until then.

    It is the first step that changes anything, or the last, and leads to another page.
    """
    steps = [at for at in range(1, len(views)) if differ(views[at - 1], views[at])]
    if not steps:
        return None
    first, last = steps[0], steps[-1]
    # The step in which a page sets off may be too short to tell; together with the next one it is not.
    for at, near in ((first, views[first - 1 : first + 2]), (last, views[max(0, last - 2) : last + 1][::-1])):
        one, *others = near
        if all(scrolled_by(one, other) is None for other in others) and place(one, others[0]) is None:
            return views[at].seconds
    return None


def _meet_at_cut(one: Still, between: list[View], other: Still) -> None:
    """Let two stills meet at the hard cut between them: somebody who walks by makes views unsteady around it."""
    seen = [one.views[-1], *between, other.views[0]]
    counts = [_hot_count(before, after, one, other) for before, after in pairwise(seen)]
    cut = int(np.argmax(counts))
    most, second = counts[cut], max(counts[:cut] + counts[cut + 1 :], default=0)
    if most >= _CUT_SHARE * _hot_count(one.look, other.look, one, other) and most > _CUT_TIMES * second:
        one.until = other.since = seen[cut + 1].seconds


def _hot_count(before: View, after: View, one: Still, other: Still) -> int:
    """Count the pixels that differ between two views, apart from what moves in either of two stills."""
    ignored = pixels_of(union(one.ignored, other.ignored), before)
    hot = hot_pixels(before, after)
    return int(np.count_nonzero(hot if ignored is None else hot & ~ignored))


def _scrolled_on(views: list[View]) -> bool:
    """Tell whether a page was scrolled from view to view: for longer, or further, than one that pushes another out."""
    steps = len(views) - 1
    if steps < _LEAST_STEPS:
        return False
    total, others = 0.0, 0
    for one, other in pairwise(views):
        step = scrolled_by(one, other)
        others += step is None or step * total < 0
        if others > _OTHER_STEPS_SHARE * steps:
            return False
        total += step or 0.0
    heights = abs(total) / views[0].gray.shape[0]
    # What was seen to move in every step, but by less than a height, pushes nothing out.
    other_than_pushed = heights > _PUSHED_SHARE or (not others and 0 < heights < 1 / _PUSHED_SHARE)
    return other_than_pushed or (total != 0 and views[-1].seconds - views[0].seconds >= LEAST_MOVING_SECONDS)
