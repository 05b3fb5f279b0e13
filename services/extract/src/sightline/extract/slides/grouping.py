"""From stills to slides: builds belong together, what comes back is known again."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sightline.extract.slides.placing import place
from sightline.extract.slides.slide import Look, Slide, SlideKind, SlideOptions
from sightline.extract.slides.stills import Still, change_between, same_stills
from sightline.extract.slides.views import View, thumbnail, thumbnails_alike

# What has less ink than this share of the fullest build is not the last build.
_FULL = 0.97
# A fade of up to this long is one moment, its middle; what takes longer has a start and an end.
_ONE_MOMENT_SECONDS = 3.0


@dataclass(eq=False)
class Group:
    """The builds of one slide, in order; or one time of camera."""

    stills: list[Still]
    returns_of: int | None = None
    parts: list[Still] = field(default_factory=list)
    thumbnail: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        self.thumbnail = thumbnail(self.stills[-1].look.gray)

    @property
    def moving(self) -> bool:
        """Whether it is a time of camera."""
        return self.stills[0].moving

    @property
    def first(self) -> float:
        """Seconds at which it is there."""
        return min(still.first for still in (*self.stills, *self.parts))

    @property
    def last(self) -> float:
        """Seconds until which it is there."""
        return max(still.last for still in (*self.stills, *self.parts))


def group(stills: list[Still], options: SlideOptions, start: float, end: float) -> list[Slide]:
    """Make slides of stills.

    Args:
        stills: in order.
        options: what counts.
        start: where the range begins; what was there before is left out.
        end: where it ends.
    """
    groups: list[Group] = []
    for still in stills:
        if not (groups and _goes_on(groups[-1], still, options)):
            groups.append(Group([still]))
    edges = [*groups[:1], *groups[-1:]]  # these may go on in another range, and join_slides knows how long they are
    groups = _merged([one for one in groups if one in edges or one.moving or _shown(one) >= options.min_shown_seconds])
    timed = [(one, max(since, start), min(until, end)) for one, since, until in _times(groups, start, end)]
    timed = [(one, since, until) for one, since, until in timed if until > since]
    _find_returns([one for one, _, _ in timed])
    return [_slide(one, since, until) for one, since, until in timed]


def _shown(one: Group) -> float:
    return one.last - one.first


def _goes_on(one: Group, still: Still, options: SlideOptions) -> bool:
    """Take a still into a group where it belongs: a build, a step back, the page scrolled, or a part of it."""
    if one.moving or still.moving:
        return False
    change = change_between(one.stills[-1], still)
    if not change.significant or (change.same_page and not options.keep_builds):
        one.stills.append(still)
        return True
    placement = place(one.stills[-1].look, still.look)
    if placement is None:
        return False
    if placement.magnified:
        one.parts.append(still)
    elif not options.keep_builds:
        one.stills.append(still)
    else:
        return False
    return True


def _merged(groups: list[Group]) -> list[Group]:
    merged: list[Group] = []
    for one in groups:
        if merged and _same(merged[-1], one):
            merged[-1].stills.extend(one.stills)
            merged[-1].parts.extend(one.parts)
        else:
            merged.append(one)
    return merged


def _same(one: Group, other: Group) -> bool:
    if one.moving or other.moving:
        return one.moving and other.moving
    return same_stills(one.stills[-1], other.stills[-1])


def _find_returns(groups: list[Group]) -> None:
    for index, one in enumerate(groups):
        if not one.moving:
            one.returns_of = next((known for known in range(index) if _shows_again(groups[known], one)), None)


def _shows_again(known: Group, one: Group) -> bool:
    if known.moving or known.returns_of is not None:
        return False
    return any(
        thumbnails_alike(thumbnail(still.look.gray), one.thumbnail) and same_stills(still, one.stills[-1])
        for still in known.stills
    )


def _times(groups: list[Group], start: float, end: float) -> list[tuple[Group, float, float]]:
    starts, ends = [start], []
    for one, other in pairwise(groups):
        gone, come = one.last, other.first
        if come - gone <= _ONE_MOMENT_SECONDS:
            gone = come = (gone + come) / 2
        ends.append(gone)
        starts.append(come)
    return list(zip(groups, starts, [*ends, end], strict=True))


def _slide(one: Group, start: float, end: float) -> Slide:
    kind = SlideKind.CAMERA if one.moving else SlideKind.SLIDE
    still = one.stills[len(one.stills) // 2] if one.moving else _fullest(one.stills)
    view = _best(still)
    return Slide(start, end, view.seconds, kind, one.returns_of, Look(view.gray, still.ignored))


def _fullest(stills: list[Still]) -> Still:
    """Choose the last build; one that was stepped back from is not the last."""
    ink = [int(np.count_nonzero(still.look.edges)) for still in stills]
    return next(
        still for still, amount in zip(reversed(stills), reversed(ink), strict=True) if amount >= _FULL * max(ink)
    )


def _best(still: Still) -> View:
    """Choose the last key frame of a still, which is sharp and cheap to read, or a view well before its end."""
    if still.moving:
        return still.views[len(still.views) // 2]
    inner = [view for view in still.views if still.first + 0.3 < view.seconds < still.last - 0.1]
    keys = [view for view in inner if view.key]
    return keys[-1] if keys else inner[len(inner) * 3 // 4] if inner else still.look
