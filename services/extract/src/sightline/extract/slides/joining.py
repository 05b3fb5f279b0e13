"""Join the slides of ranges of one film that were searched on their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sightline.extract.slides.changes import Change, compare
from sightline.extract.slides.slide import Look, Slide, SlideKind, SlideOptions
from sightline.extract.slides.views import View, in_pixels, thumbnail, thumbnails_alike, union

# Two ranges meet where the slides of one end and those of the next begin.
_SEAM_SECONDS = 1.5


def join_slides(ranges: Sequence[Sequence[Slide]], options: SlideOptions) -> list[Slide]:
    """Join the slides of ranges that follow each other: one that spans a seam becomes one slide.

    Args:
        ranges: what `find_slides` gave for each range, in order; one may be empty.
        options: those that the ranges were searched with.

    Returns:
        The slides in order, with `returns_of` counted anew over all ranges.
    """
    joined: list[Slide] = []
    for slides in ranges:
        rest = list(slides)
        if joined and rest and _goes_on(joined[-1], rest[0], options):
            joined[-1] = _one(joined[-1], rest.pop(0))
        joined.extend(rest)
    long = [slide for slide in joined if _shown(slide) >= options.min_shown_seconds] or joined
    return _returns(long)


def _shown(slide: Slide) -> float:
    return slide.end_seconds - slide.start_seconds


def _goes_on(one: Slide, other: Slide, options: SlideOptions) -> bool:
    if one.kind is not other.kind or abs(other.start_seconds - one.end_seconds) > _SEAM_SECONDS:
        return False
    if one.kind is SlideKind.CAMERA:
        return True
    change = _change(one.look, other.look)
    return not change.significant or (change.same_page and not options.keep_builds)


def _one(one: Slide, other: Slide) -> Slide:
    """Keep the earlier start and the later picture, which has every build."""
    fuller = one if _change(one.look, other.look).is_step_back else other
    return replace(fuller, start_seconds=one.start_seconds, end_seconds=other.end_seconds)


def _change(one: Look, other: Look) -> Change:
    ignored = union(one.ignored, other.ignored)
    shape = (one.gray.shape[0], one.gray.shape[1])
    return compare(
        View(0.0, one.gray, False), View(0.0, other.gray, False), None if ignored is None else in_pixels(ignored, shape)
    )


def _returns(slides: Sequence[Slide]) -> list[Slide]:
    thumbnails = [thumbnail(slide.look.gray) for slide in slides]
    counted: list[Slide] = []
    for index, slide in enumerate(slides):
        known = next(
            (
                before
                for before in range(index)
                if counted[before].kind is slide.kind is SlideKind.SLIDE
                and counted[before].returns_of is None
                and thumbnails_alike(thumbnails[before], thumbnails[index])
                and not _change(counted[before].look, slide.look).significant
            ),
            None,
        )
        counted.append(replace(slide, returns_of=known))
    return counted
