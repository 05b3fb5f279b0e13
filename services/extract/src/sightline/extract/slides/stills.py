"""Cut what was seen into stills: times in which the picture, apart from what moves in it, stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from sightline.extract.slides.changes import Change, compare, differ, hot_pixels
from sightline.extract.slides.motion import is_flat
from sightline.extract.slides.placing import place, scrolled_by
from sightline.extract.slides.tickers import BandChange, in_band, may_be_in_band, ticker
from sightline.extract.slides.trace import Link, Seen, Trace
from sightline.extract.slides.views import Mask, View, in_pixels, thumbnail, thumbnails_alike, union

# A fade of two seconds passes through pictures that look still for a third of a second.
_LEAST_STILL_SECONDS = 0.45
# Views further apart than this were not looked at one after the other.
_STEP_SECONDS = 0.6
# A page has more ink than this; the outlines of a person have less.
_BARE_SHARE = 0.03
# The frame of an inset has so much that stays.
_LASTING_SHARE = 0.012
# A step that brings so much of what differs between two stills, and so many times what other steps do, is the cut.
_CUT_SHARE = 0.5
_CUT_TIMES = 2
# What moves on for longer than the slowest fade is a camera or a film, not a change from one slide to the next.
_LEAST_MOVING_SECONDS = 2.6
# A page that is scrolled so far is seen on its way so often at least; most changes are quicker.
_LEAST_STEPS = 5
# Of the steps in which a page is scrolled so many may show something else, as its first and last, which hardly move it.
_OTHER_STEPS_SHARE = 0.25
# A page that is pushed out by another moves by its own height, and no further.
_PUSHED_SHARE = 1.1


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


def find_stills(trace: Trace) -> list[Still]:
    """Cut a trace into stills and long motion, in order; short motion between stills is left out."""
    stills: list[Still] = []
    between: list[View] = []
    for run in _runs(trace):
        least = _LEAST_MOVING_SECONDS if run.moving else _LEAST_STILL_SECONDS
        if run.seconds < least and not run.settled:
            between.extend(run.views)
            continue
        _place_between(stills, between, run)
        if stills and between and not stills[-1].moving and not run.moving:
            _meet(stills[-1], between, run)
        between = []
        stills.append(run)
    _place_between(stills, between, None)
    kept = _without_pauses(_without_passers_by(stills))
    return _without_ticker(_joined(kept), ticker(_band_changes(trace)))


def _place_between(stills: list[Still], between: list[View], after: Still | None) -> None:
    """Give unsteady views to the camera that they belong to; those of a fade or of scrolling belong to nothing."""
    if not between or (is_flat(between[len(between) // 2]) and not _is_bare(between)):
        return
    if stills and stills[-1].moving:
        stills[-1].views.extend(between)
    elif after is not None and after.moving:
        after.views[:0] = between
    elif between[-1].seconds - between[0].seconds >= _LEAST_MOVING_SECONDS and not _scrolled(stills, after):
        stills.append(Still(between, moving=True))


def _meet(one: Still, between: list[View], other: Still) -> None:
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


def _is_bare(views: list[View]) -> bool:
    """Tell whether little is drawn in unsteady views, and nothing that stays: somebody before a plain wall."""
    shares = [float(view.edges.mean()) for view in views]
    lasting = np.logical_and.reduce([view.near_edges for view in views])
    return float(np.median(shares)) <= _BARE_SHARE and float(lasting.mean()) <= _LASTING_SHARE


def _without_passers_by(stills: list[Still]) -> list[Still]:
    """Leave out a single view that does not go with two others that go together: a pointer drew its trail in it."""
    return [
        still
        for before, still, after in zip([None, *stills], stills, [*stills[1:], None], strict=False)
        if before is None or after is None or not _passes_by(before, still, after)
    ]


def _without_pauses(stills: list[Still]) -> list[Still]:
    """Give to the camera beside it what is short, bare and looks like it: somebody who stood still for a moment."""
    kept: list[Still] = []
    for still, after in zip(stills, [*stills[1:], None], strict=True):
        before = kept[-1] if kept else None
        if before is not None and _pauses(still, before):
            before.go_on(still)
        elif after is not None and _pauses(still, after):
            after.views[:0] = still.views
        else:
            kept.append(still)
    return kept


def _pauses(still: Still, camera: Still) -> bool:
    if still.moving or not camera.moving or still.seconds >= _LEAST_MOVING_SECONDS:
        return False
    if float(still.look.edges.mean()) > _BARE_SHARE:
        return False
    near = camera.views[-1] if camera.first < still.first else camera.views[0]
    return thumbnails_alike(thumbnail(still.look.gray), thumbnail(near.gray))


def _passes_by(before: Still, still: Still, after: Still) -> bool:
    if len(still.views) > 1 or before.moving or still.moving or after.moving:
        return False
    if change_between(before, still).same_page and change_between(still, after).same_page:
        return False
    return change_between(before, after).same_page


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
    return other_than_pushed or (total != 0 and views[-1].seconds - views[0].seconds >= _LEAST_MOVING_SECONDS)


def _scrolled(stills: list[Still], after: Still | None) -> bool:
    return bool(stills) and after is not None and place(stills[-1].look, after.look) is not None


def _without_ticker(stills: list[Still], band: Mask | None) -> list[Still]:
    if band is None:
        return stills
    for still in stills:
        still.ignored = union(still.ignored, band)
    return _joined(stills)


def _band_changes(trace: Trace) -> list[BandChange]:
    """Look for lone changes from view to view: stills would show them together with what changed elsewhere."""
    steps = [
        (one.view, other.view)
        for one, other in pairwise(trace.seen)
        if other.link is Link.LOOKED
        and other.view.seconds - one.view.seconds < _STEP_SECONDS
        and not trace.motion.camera_at(other.view.seconds)
    ]

    @cache
    def change(index: int) -> Change:
        one, other = steps[index]
        return compare(one, other, pixels_of(trace.motion.at(other.seconds), other))

    found = []
    for index, (one, other) in enumerate(steps):
        if not may_be_in_band(hot_pixels(one, other)) or not in_band(change(index)):
            continue
        # A page that slides in begins and ends at an edge too, but something else changes right before or after.
        beside = [change(near) for near in (index - 1, index + 1) if 0 <= near < len(steps)]
        if all(not near.significant or in_band(near) for near in beside):
            found.append(BandChange(other.seconds, change(index)))
    return found


def change_between(one: Still, other: Still) -> Change:
    """Compare the looks of two stills, apart from what moves in either."""
    return compare(one.look, other.look, pixels_of(union(one.ignored, other.ignored), one.look))


def _runs(trace: Trace) -> list[Still]:
    runs: list[Still] = []
    for seen in trace.seen:
        camera = trace.motion.camera_at(seen.view.seconds)
        ignored = None if camera else trace.motion.at(seen.view.seconds)
        if runs and _lasts(runs[-1], seen, camera, ignored):
            runs[-1].take(seen.view, ignored)
        else:
            runs.append(Still([seen.view], ignored, camera))
        if seen.link in (Link.QUIET, Link.BUILD):
            for run in runs[-2:] if seen.link is Link.BUILD else runs[-1:]:
                run.settled = True
            if seen.link is Link.BUILD and len(runs) > 1:
                runs[-1].since = runs[-2].last  # whenever it came, its page was there all the while
        elif seen.link is Link.CUT:
            _cut(runs, seen.cut_seconds)
    return runs


def _lasts(run: Still, seen: Seen, camera: bool, ignored: Mask | None) -> bool:
    if seen.link in (Link.CUT, Link.BUILD) or run.moving != camera:
        return False
    # Key frames as near to each other as looks say no more: each step of a fade is a quiet one.
    quiet = seen.link is Link.QUIET and seen.view.seconds - run.views[-1].seconds >= _STEP_SECONDS
    return camera or quiet or _same(run.views[0], seen.view, ignored)


def _cut(runs: list[Still], seconds: float) -> None:
    if len(runs) > 1:
        runs[-2].until, runs[-2].settled = seconds, True
    runs[-1].since, runs[-1].settled = seconds, True


def _joined(stills: list[Still]) -> list[Still]:
    joined: list[Still] = []
    for still in stills:
        if joined and _continues(joined[-1], still):
            joined[-1].go_on(still)
            continue
        joined.append(still)
    return joined


def _continues(one: Still, other: Still) -> bool:
    if one.moving or other.moving:
        return one.moving and other.moving
    return same_stills(one, other)


def same_stills(one: Still, other: Still) -> bool:
    """Tell whether two stills show the same, apart from what moves in either."""
    return not differ(one.look, other.look, pixels_of(union(one.ignored, other.ignored), one.look))


def _same(one: View, other: View, ignored: Mask | None) -> bool:
    return not differ(one, other, pixels_of(ignored, one))


def pixels_of(blocks: Mask | None, view: View) -> Mask | None:
    """Spread a mask of blocks over the pixels of a view."""
    return None if blocks is None else in_pixels(blocks, (view.gray.shape[0], view.gray.shape[1]))
