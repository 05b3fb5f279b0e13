"""What is found: slides with their times."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sightline.extract.slides.views import Gray, Mask


class SlideKind(StrEnum):
    """What is shown."""

    SLIDE = "slide"
    CAMERA = "camera"


@dataclass(frozen=True, slots=True)
class SlideOptions:
    """What counts as a slide.

    Attributes:
        keep_builds: give every build of an incremental slide; otherwise the last one alone.
        min_shown_seconds: what is shown for less is passed over.
        threads: how many decode.
    """

    keep_builds: bool = False
    min_shown_seconds: float = 1.0
    threads: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A small picture of a slide by which it is recognised.

    Attributes:
        gray: brightness, uint8, the longer side 480 pixels.
        ignored: blocks that move by themselves; None when none does.
    """

    gray: Gray
    ignored: Mask | None


@dataclass(frozen=True, slots=True, eq=False)
class Slide:
    """One slide (or one build of it), or one time of camera.

    Attributes:
        start_seconds: when it appears, from the start of the film; the middle of a fade.
        end_seconds: when it goes.
        frame_seconds: when it was still and complete; the frame to keep.
        kind: slide or camera.
        returns_of: index in the list of the slide that it shows again; None when it is new.
        look: by which it is recognised.
    """

    start_seconds: float
    end_seconds: float
    frame_seconds: float
    kind: SlideKind
    returns_of: int | None
    look: Look
