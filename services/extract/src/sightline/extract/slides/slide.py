"""What is found: showings with their times, and the slides that are shown."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from sightline.common.errors import MediaRejected, Reason
from sightline.extract.slides.views import Gray, Mask

Region = tuple[float, float, float, float]
"""Left, top, right, bottom as fractions of the upright picture, from its upper left corner."""

WHOLE: Region = (0.0, 0.0, 1.0, 1.0)
# What an `extract_slides` job may ask for.
_MAX_MIN_SHOWN_SECONDS = 60.0
# More threads than a large machine has cores are a mistake.
_MAX_THREADS = 64


class ShowingKind(StrEnum):
    """What is on the screen."""

    SLIDE = "slide"
    CAMERA = "camera"
    BLACK = "black"  # a film's lead-in, its end, a beamer that is off


@dataclass(frozen=True, slots=True)
class SlideOptions:
    """What counts as a slide.

    Attributes:
        keep_builds: give every build of an incremental slide; otherwise the last one alone.
        min_shown_seconds: what is shown for less is passed over, 0 to 60.
        threads: how many decode, 1 to 64.

    Raises:
        MediaRejected: INVALID_ARGUMENT when a value is out of its range.
    """

    keep_builds: bool = False
    min_shown_seconds: float = 1.0
    threads: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.min_shown_seconds <= _MAX_MIN_SHOWN_SECONDS:
            raise MediaRejected(Reason.INVALID_ARGUMENT, "the shortest time of a slide must be 0 to 60 seconds")
        if not 1 <= self.threads <= _MAX_THREADS:
            raise MediaRejected(Reason.INVALID_ARGUMENT, "1 to 64 threads can decode")


def checked_range(start_seconds: float, end_seconds: float) -> tuple[float, float]:
    """Refuse a range of time that is none; its end may be infinite."""
    if not (math.isfinite(start_seconds) and start_seconds >= 0 and not math.isnan(end_seconds)):
        raise MediaRejected(Reason.INVALID_ARGUMENT, "a range begins at 0 seconds or later and has an end")
    return start_seconds, end_seconds


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A small picture of a slide by which it is recognised; small also when it is pickled.

    Attributes:
        seconds: when it was seen, still and complete.
        gray: brightness, uint8, the longer side 480 pixels.
        ignored: blocks that move by themselves; None when none does.
        ink: pixels of edges, apart from what moves.
    """

    seconds: float
    gray: Gray
    ignored: Mask | None
    ink: int

    def __reduce__(self) -> tuple[Callable[..., Look], tuple[float, bytes, Mask | None, int]]:
        return _unpacked, (self.seconds, cv2.imencode(".png", self.gray)[1].tobytes(), self.ignored, self.ink)


def _unpacked(seconds: float, png: bytes, ignored: Mask | None, ink: int) -> Look:
    gray = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    return Look(seconds, np.asarray(gray, np.uint8), ignored, ink)


@dataclass(frozen=True, slots=True, eq=False)
class Showing:
    """One time that a slide (or one build of it) is shown, or one time of camera.

    Attributes:
        start_seconds: when it appears, from the start of the film; the middle of a fade.
        end_seconds: when it goes.
        frame_seconds: when it was still and complete; the frame to keep.
        kind: what it is; only slides become slides.
        returns_of: index in the list of the showing that it repeats; None when it is new.
        built_on: whether the next showing in the list is a later build of the same slide.
        look: its last build.
        looks: each of its builds, in order.
    """

    start_seconds: float
    end_seconds: float
    frame_seconds: float
    kind: ShowingKind
    returns_of: int | None
    built_on: bool
    look: Look
    looks: tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class Slide:
    """One slide, or one build of it where builds are kept.

    Attributes:
        number: from 1, in the order of first showing.
        ranges: when it was shown, start and end in seconds, in order; more than one when it came back.
        frame_seconds: the frame to keep: its last build, still and complete.
        region: where it is in the picture.
        build_of: the number of its last build; 0 for the last build itself.
    """

    number: int
    ranges: tuple[tuple[float, float], ...]
    frame_seconds: float
    region: Region
    build_of: int
