"""From stills to groups: builds belong together, what comes back is known again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from sightline.extract.slides.changes import is_written
from sightline.extract.slides.placing import place
from sightline.extract.slides.slide import SlideOptions
from sightline.extract.slides.still import Still, change_between, same_stills
from sightline.extract.slides.views import is_black, thumbnail, thumbnails_alike

# Two looks at one page have more of their edges in common than this, for all that an encoder does.
_SAME_INK_SHARE = 0.7


@dataclass(eq=False)
class Group:
    """The builds of one slide, in order; or one time of camera.

    Attributes:
        stills: its builds.
        start: when it appears.
        end: when it goes.
        parts: times at which a part of it was magnified.
        returns_of: the place in the list of the group that it shows again.
    """

    stills: list[Still]
    start: float
    end: float
    parts: list[Still] = field(default_factory=list)
    returns_of: int | None = None
    thumbnail: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        self.thumbnail = thumbnail(self.stills[-1].look.gray)

    @property
    def moving(self) -> bool:
        """Whether it is a time of camera."""
        return self.stills[0].moving

    @property
    def black(self) -> bool:
        """Whether nothing is shown; a short word on black is too little of it to brighten the picture."""
        last = self.stills[-1]
        return (
            not self.moving
            and is_black(last.look, last.ignored_pixels)
            and not is_written(last.look, last.ignored_pixels)
        )

    @property
    def seconds(self) -> float:
        """How long it is shown."""
        return self.end - self.start

    def take(self, still: Still) -> None:
        """Append a build."""
        self.stills.append(still)
        self.end = max(self.end, still.last)
        self.thumbnail = thumbnail(still.look.gray)

    def go_on(self, other: Group) -> None:
        """Append all of another that shows the same slide."""
        self.stills.extend(other.stills)
        self.parts.extend(other.parts)
        self.end, self.thumbnail = other.end, other.thumbnail


def grouped(stills: Sequence[Still], options: SlideOptions) -> list[Group]:
    """Put stills that follow each other and show one slide together."""
    groups: list[Group] = []
    for still in stills:
        follows = following(groups[-1].stills[-1], still, options) if groups else Following.ANOTHER
        if follows is Following.SAME:
            groups[-1].take(still)
        elif follows is Following.PART:
            groups[-1].parts.append(still)
            groups[-1].end = still.last
        else:
            groups.append(Group([still], still.first, still.last))
    return groups


class Following(Enum):
    """What a still is to the one before it."""

    SAME = "same"  # the same slide: a build, a step back, scrolled
    PART = "part"  # a part of it, magnified
    ANOTHER = "another"


def following(one: Still, other: Still, options: SlideOptions) -> Following:
    """Tell what a still is to the one before it."""
    if one.moving or other.moving:
        return Following.SAME if one.moving and other.moving else Following.ANOTHER
    if other.scrolled and not options.keep_builds:
        return Following.SAME
    change = change_between(one, other)
    if not change.significant or (change.same_page and not options.keep_builds):
        return Following.SAME
    placement = place(one.look, other.look)
    if placement is None:
        return Following.ANOTHER
    if placement.magnified:
        return Following.PART
    return Following.ANOTHER if options.keep_builds else Following.SAME


def merged(groups: Sequence[Group]) -> list[Group]:
    """Put groups together that follow each other and show the very same."""
    kept: list[Group] = []
    for one in groups:
        if kept and _same(kept[-1], one):
            kept[-1].go_on(one)
        else:
            kept.append(one)
    return kept


def _same(one: Group, other: Group) -> bool:
    if one.moving or other.moving:
        return one.moving and other.moving
    return any(same_stills(one.stills[-1], still) for still in other.stills)


def is_built_on(one: Group, other: Group) -> bool:
    """Tell whether the second is a later build of the first."""
    return not one.moving and not other.moving and change_between(one.stills[-1], other.stills[0]).is_build


def find_returns(groups: Sequence[Group]) -> None:
    """Note for each group the earliest one that it shows again."""
    known: dict[int, list[Still]] = {}
    for index, one in enumerate(groups):
        if one.moving or one.black:
            continue
        one.returns_of = next((first for first, stills in known.items() if _shows_again(stills, one)), None)
        if one.returns_of is None:
            known[index] = list(one.stills)
        else:
            known[one.returns_of].extend(one.stills)  # it may have been built on since


def _shows_again(known: Sequence[Still], one: Group) -> bool:
    """Tell whether what is shown in the end was shown before, or what was shown last is where this one begins."""
    last = one.stills[-1]
    if any(_alike(still, last, one.thumbnail) for still in known):
        return True
    return len(one.stills) > 1 and same_stills(known[-1], one.stills[0])


def _alike(still: Still, last: Still, small: NDArray[np.float32]) -> bool:
    return thumbnails_alike(thumbnail(still.look.gray), small) and _same_ink(still, last) and same_stills(still, last)


def _same_ink(one: Still, other: Still) -> bool:
    """Tell whether two may show the same, by the edges that both have: quick, as most pages of a lecture differ."""
    moving = one.ignored_pixels | other.ignored_pixels
    most = max(np.count_nonzero(still.look.edges & ~moving) for still in (one, other))
    return bool(np.count_nonzero(one.look.edges & other.look.near_edges & ~moving) >= _SAME_INK_SHARE * most)
