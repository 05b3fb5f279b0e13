"""Find the slides of a lecture in its film."""

from __future__ import annotations

import math
from pathlib import Path

from sightline.common.media.video import Video
from sightline.common.settings import MediaLimits
from sightline.extract.slides.film import FilmReader
from sightline.extract.slides.showings import showings_of
from sightline.extract.slides.slide import Showing, SlideOptions, checked_range
from sightline.extract.slides.stills import find_stills
from sightline.extract.slides.tracing import Progress, Tracer


def find_slides(
    path: Path,
    options: SlideOptions,
    limits: MediaLimits,
    *,
    start_seconds: float = 0.0,
    end_seconds: float = math.inf,
    progress: Progress = lambda _share: None,
) -> list[Showing]:
    """Find what was shown when, in order, and decode as little of the film as that takes.

    Args:
        path: a film on this machine.
        options: what counts as a slide.
        limits: what is accepted.
        start_seconds: where to begin, from the start of the film.
        end_seconds: where to end.
        progress: told the share that is done, 0 to 1, several times a second; what it raises ends the search,
            which is how it is cancelled.

    Returns:
        The showings in order; they cover the range but for blank or unsteady times. Empty for an empty range.

    Raises:
        MediaRejected: MEDIA_UNSUPPORTED (no film, or none of a known kind), MEDIA_CORRUPT, MEDIA_TOO_LARGE or
            MEDIA_TOO_SMALL; INVALID_ARGUMENT for a range that is none.
    """
    checked_range(start_seconds, end_seconds)
    with Video.open(path, limits) as video:
        length = video.info.duration_seconds or math.inf
    if start_seconds >= min(end_seconds, length):
        return []
    with FilmReader.open(path, limits, threads=options.threads) as reader:
        trace = Tracer(reader, options, start_seconds, min(end_seconds, length)).walk(progress)
    showings = showings_of(find_stills(trace), options, start_seconds, trace.end)
    progress(1.0)
    return showings
