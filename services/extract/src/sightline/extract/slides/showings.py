"""From groups to showings, with the times and pictures that are handed on, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from sightline.extract.slides.grouping import Group, find_returns, grouped, is_built_on, merged
from sightline.extract.slides.slide import Look, Showing, ShowingKind, SlideOptions
from sightline.extract.slides.still import Still
from sightline.extract.slides.views import View

# What has less ink than this share of the fullest build is not the last build.
_FULL = 0.97
# A fade of up to this long is one moment, its middle; what takes longer has a start and an end.
_ONE_MOMENT_SECONDS = 3.0
# Views are so far apart at least: a slide may have been there for as long before its first and after its last.
_UNSEEN_SECONDS = 0.25


def showings_of(stills: Sequence[Still], options: SlideOptions, start: float, end: float) -> list[Showing]:
    """Make showings of stills.

    Args:
        stills: in order.
        options: what counts.
        start: where the range begins; what was there before is left out.
        end: where it ends.
    """
    groups = grouped(stills, options)
    # Those at either end may go on in another range; where ranges are joined it is known how long they are.
    edges = [*groups[:1], *groups[-1:]]
    least = options.min_shown_seconds - _UNSEEN_SECONDS
    groups = merged([one for one in groups if one in edges or one.moving or one.seconds >= least])
    _set_times(groups, start, end)
    return written([one for one in groups if one.end > one.start])


def _set_times(groups: Sequence[Group], start: float, end: float) -> None:
    """Let groups meet where they change, and keep them within the range."""
    for one, other in pairwise(groups):
        if other.start - one.end <= _ONE_MOMENT_SECONDS:
            one.end = other.start = (one.end + other.start) / 2
    if groups:
        groups[0].start, groups[-1].end = start, end
    for one in groups:
        one.start, one.end = max(one.start, start), min(one.end, end)


def written(groups: Sequence[Group]) -> list[Showing]:
    """Make a showing of each group, with what is known of its place among the others."""
    find_returns(groups)
    showings = [_showing(one) for one in groups]
    for index, (one, other) in enumerate(pairwise(groups)):
        if is_built_on(one, other):
            showings[index] = replace(showings[index], built_on=True)
    return showings


def group_of(showing: Showing) -> Group:
    """Make a group of a showing again, with a still for each of its looks."""
    moving = showing.kind is ShowingKind.CAMERA
    stills = [Still([View(look.seconds, look.gray, False)], look.ignored, moving) for look in showing.looks]
    return Group(stills, showing.start_seconds, showing.end_seconds)


def _showing(one: Group) -> Showing:
    looks = [_look(still) for still in (one.stills[len(one.stills) // 2 :][:1] if one.moving else one.stills)]
    kind = ShowingKind.CAMERA if one.moving else ShowingKind.BLACK if one.black else ShowingKind.SLIDE
    scrolled = max((index for index, still in enumerate(one.stills) if still.scrolled), default=0)
    fullest = _fullest(looks[scrolled:])
    return Showing(one.start, one.end, fullest.seconds, kind, one.returns_of, False, fullest, tuple(looks))


def _fullest(looks: Sequence[Look]) -> Look:
    """Choose the last build; one that was stepped back from is not the last."""
    ink = [look.ink for look in looks]
    return next(look for look, amount in zip(reversed(looks), reversed(ink), strict=True) if amount >= _FULL * max(ink))


def _look(still: Still) -> Look:
    view = _best(still)
    ink = view.edges & ~still.ignored_pixels
    return Look(view.seconds, view.gray, still.ignored, int(np.count_nonzero(ink)))


def _best(still: Still) -> View:
    """Choose the last key frame of a still, which is sharp and cheap to read, or a view well before its end."""
    if still.moving:
        return still.views[len(still.views) // 2]
    inner = [view for view in still.views if still.first + 0.3 < view.seconds < still.last - 0.1]
    keys = [view for view in inner if view.key]
    return keys[-1] if keys else inner[len(inner) * 3 // 4] if inner else still.look
