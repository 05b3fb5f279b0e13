"""Cut what was seen into stills: times in which the picture, apart from what moves in it, stays as it is."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np

from sightline.extract.slides.changes import Change, compare, differ, hot_pixels
from sightline.extract.slides.meeting import meet
from sightline.extract.slides.motion import is_flat
from sightline.extract.slides.placing import place
from sightline.extract.slides.still import LEAST_MOVING_SECONDS, Still, change_between, pixels_of, same_stills
from sightline.extract.slides.tickers import BandChange, in_band, may_be_in_band, ticker
from sightline.extract.slides.trace import Link, Seen, Trace
from sightline.extract.slides.views import Mask, View, thumbnail, thumbnails_alike, union

# A fade of two seconds passes through pictures that look still for a third of a second.
_LEAST_STILL_SECONDS = 0.45
# Views further apart than this were not looked at one after the other.
_STEP_SECONDS = 0.6
# A page has more ink than this; the outlines of a person have less.
_BARE_SHARE = 0.03
# The frame of an inset has so much that stays.
_LASTING_SHARE = 0.012


def find_stills(trace: Trace) -> list[Still]:
    """Cut a trace into stills and long motion, in order; short motion between stills is left out."""
    stills: list[Still] = []
    between: list[View] = []
    for run in _runs(trace):
        least = LEAST_MOVING_SECONDS if run.moving else _LEAST_STILL_SECONDS
        if run.seconds < least and not run.settled:
            between.extend(run.views)
            continue
        _place_between(stills, between, run)
        if stills and between and not stills[-1].moving and not run.moving:
            meet(stills[-1], between, run)
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
    elif between[-1].seconds - between[0].seconds >= LEAST_MOVING_SECONDS and not _scrolled(stills, after):
        stills.append(Still(between, moving=True))


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
    if still.moving or not camera.moving or still.seconds >= LEAST_MOVING_SECONDS:
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


def _same(one: View, other: View, ignored: Mask | None) -> bool:
    return not differ(one, other, pixels_of(ignored, one))
