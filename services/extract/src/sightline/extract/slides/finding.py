"""Find the slides of a lecture in its film."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sightline.common.errors import MediaRejected, Reason
from sightline.common.media.video import Video
from sightline.common.settings import MediaLimits
from sightline.extract.slides.film import FilmReader
from sightline.extract.slides.grouping import group
from sightline.extract.slides.slide import Slide, SlideOptions
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
) -> list[Slide]:
    """Find what was shown, each slide once, in order, and decode as little of the film as that takes.

    Args:
        path: a film on this machine.
        options: what counts as a slide.
        limits: what is accepted.
        start_seconds: where to begin, from the start of the film.
        end_seconds: where to end.
        progress: told the share that is done, 0 to 1, several times a second; what it raises ends the search,
            which is how it is cancelled.

    Returns:
        The slides in order; they cover the range but for blank or unsteady times. Empty for an empty range.

    Raises:
        MediaRejected: MEDIA_UNSUPPORTED (no film, or none of a known kind), MEDIA_CORRUPT, MEDIA_TOO_LARGE or
            MEDIA_TOO_SMALL.
    """
    with Video.open(path, limits) as video:
        length = video.info.duration_seconds or math.inf
    if start_seconds >= min(end_seconds, length):
        return []
    with FilmReader.open(path, options.threads) as reader:
        trace = Tracer(reader, options, start_seconds, min(end_seconds, length)).walk(progress)
    slides = group(find_stills(trace), options, start_seconds, trace.end)
    progress(1.0)
    return slides


def read_picture(path: Path, slide: Slide, limits: MediaLimits) -> NDArray[np.uint8]:
    """Read a slide at the full size of the film: height x width x 3, uint8, BGR, upright.

    Raises:
        MediaRejected: MEDIA_CORRUPT when the film does not decode there.
    """
    with Video.open(path, limits) as video:
        for frame in video.frames(start_seconds=slide.frame_seconds):
            return frame.pixels
    raise MediaRejected(Reason.MEDIA_CORRUPT, f"the film does not decode at {slide.frame_seconds:.2f} s")
