"""Join the showings of ranges of one film that were searched on their own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sightline.extract.slides.grouping import Following, Group, following, merged
from sightline.extract.slides.showings import group_of, written
from sightline.extract.slides.slide import Showing, SlideOptions

# Ranges that meet leave no more than this between the last showing of one and the first of the next.
_SEAM_SECONDS = 1.5
# Both sides may see a change at a seam a step or two apart; what one of them alone saw for so long is not shown.
_LEAST_AT_SEAM_SECONDS = 0.5


def join_showings(ranges: Sequence[Sequence[Showing]], options: SlideOptions) -> list[Showing]:
    """Join the showings of ranges that follow each other: what spans a seam becomes one.

    Args:
        ranges: what `find_slides` gave for each range, in order; one may be empty.
        options: those that the ranges were searched with.

    Returns:
        The showings in order, with `returns_of` and `built_on` found anew over all ranges.
    """
    joined: list[Group] = []
    for showings in ranges:
        groups = [group_of(showing) for showing in showings]
        if joined and groups and _spans(joined[-1], groups[0], options):
            joined[-1].go_on(groups.pop(0))
        joined.extend(groups)
    least = max(options.min_shown_seconds, _LEAST_AT_SEAM_SECONDS)
    kept = [one for one in joined if one.moving or one.seconds >= least] or joined
    kept = merged(kept)
    for one, other in pairwise(kept):
        if 0 < other.start - one.end <= _SEAM_SECONDS:
            one.end = other.start = (one.end + other.start) / 2
    return written(kept)


def _spans(one: Group, other: Group, options: SlideOptions) -> bool:
    if other.start - one.end > _SEAM_SECONDS:
        return False
    return following(one.stills[-1], other.stills[0], options) is not Following.ANOTHER
