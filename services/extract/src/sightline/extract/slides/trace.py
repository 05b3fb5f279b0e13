"""What was seen of a film, and what lies between the views."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from sightline.extract.slides.motion import Motion
from sightline.extract.slides.views import View


class Link(Enum):
    """What is known of the time between a view and the one before it."""

    LOOKED = "looked"  # so short that nothing is missed
    QUIET = "quiet"  # nothing has happened, although time went by
    BUILD = "build"  # the page was added to, or stepped back, at some time
    CUT = "cut"  # one change has happened, at a known time
    CAMERA = "camera"  # a camera went on


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One view and how it follows from the one before.

    Attributes:
        view: what was seen.
        link: what lies between.
        cut_seconds: when the change was, for a cut.
    """

    view: View
    link: Link
    cut_seconds: float = 0.0


@dataclass
class Trace:
    """What was seen of a range of a film.

    Attributes:
        seen: in order of time.
        motion: what moves.
        start: where the range begins.
        end: where the range ends.
        decoded_seconds: how much of it was decoded frame by frame.
    """

    start: float
    end: float
    seen: list[Seen] = field(default_factory=list)
    motion: Motion = field(default_factory=Motion)
    decoded_seconds: float = 0.0

    def add(self, view: View, link: Link, cut_seconds: float = 0.0) -> None:
        """Append a view."""
        self.seen.append(Seen(view, link, cut_seconds))
