"""From showings to slides: each once, with all the times at which it was shown."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.extract.slides.region import slide_region
from sightline.extract.slides.slide import Showing, ShowingKind, Slide

# A picture with less ink than this share of the fullest is not the last build.
_FULL = 0.97


def number_slides(showings: Sequence[Showing]) -> list[Slide]:
    """Make slides of the showings of a whole film: each once, numbered in the order of first showing.

    Args:
        showings: of `find_slides` over the whole film, or of `join_showings`.

    Returns:
        The slides; empty where there is none, as in a film that is all camera.
    """
    times: dict[int, list[int]] = {}
    for index, showing in enumerate(showings):
        if showing.kind is ShowingKind.SLIDE:
            times.setdefault(index if showing.returns_of is None else showing.returns_of, []).append(index)
    numbers = {first: number for number, first in enumerate(times, 1)}
    region = slide_region([showings[first] for first in times])
    return [
        Slide(
            number=numbers[first],
            ranges=_ranges([showings[index] for index in indices]),
            frame_seconds=_fullest([showings[index] for index in indices]).frame_seconds,
            region=region,
            build_of=_build_of(showings, first, numbers),
        )
        for first, indices in times.items()
    ]


def _fullest(showings: Sequence[Showing]) -> Showing:
    """Choose the first, unless the slide was shown further when it came back."""
    most = max(showing.look.ink for showing in showings)
    return next(showing for showing in showings if showing.look.ink >= _FULL * most)


def _ranges(showings: Sequence[Showing]) -> tuple[tuple[float, float], ...]:
    ranges: list[tuple[float, float]] = []
    for showing in showings:
        if ranges and showing.start_seconds <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], showing.end_seconds)
        else:
            ranges.append((showing.start_seconds, showing.end_seconds))
    return tuple(ranges)


def _build_of(showings: Sequence[Showing], index: int, numbers: dict[int, int]) -> int:
    """Follow the builds of a slide to the last one; 0 where it is the last itself."""
    last = index
    while last + 1 < len(showings) and showings[last].built_on and last + 1 in numbers:
        last += 1
    return numbers[last] if last != index else 0
