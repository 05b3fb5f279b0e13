"""Compare what was found with the truth: transitions, duplicates, last builds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.lectures import Lecture, TruthSlide
from bench.lectures.overlays import Inset
from sightline.common.settings import MediaLimits
from sightline.extract.slides import Slide, SlideKind, read_picture

TOLERANCE_SECONDS = 1.0


@dataclass
class Score:
    """Counts over one or more films; add them up."""

    true: int = 0
    found: int = 0
    hits: int = 0
    slides: int = 0
    duplicates: int = 0
    truth_slides: int = 0
    last_builds: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(*(one + two for one, two in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def precision(self) -> float:
        return self.hits / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.hits / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def last_build_share(self) -> float:
        return self.last_builds / self.truth_slides if self.truth_slides else 1.0


def score_cuts(lecture: Lecture, cuts: Sequence[float]) -> Score:
    """Match cuts with the truth one to one, each with the nearest that is left."""
    truth = [slide.start for slide in lecture.truth[1:]]
    left = sorted(cuts)
    hits = 0
    for time in truth:
        near = [cut for cut in left if abs(cut - time) <= TOLERANCE_SECONDS]
        if near:
            left.remove(min(near, key=lambda cut: abs(cut - time)))
            hits += 1
    return Score(true=len(truth), found=len(cuts), hits=hits)


def score_slides(lecture: Lecture, slides: Sequence[Slide], film: Path) -> Score:
    """Match everything that was found."""
    score = score_cuts(lecture, [slide.start_seconds for slide in slides[1:]])
    truth = [one for one in lecture.truth if one.kind == "slide"]
    score.slides = sum(1 for slide in slides if slide.kind is SlideKind.SLIDE)
    score.duplicates = _duplicates(lecture.truth, slides)
    score.truth_slides = len(truth)
    score.last_builds = sum(_has_last_build(lecture, one, slides, film) for one in truth)
    return score


def _duplicates(truth: Sequence[TruthSlide], slides: Sequence[Slide]) -> int:
    seen: set[int] = set()
    count = 0
    for slide in slides:
        shown = next((one for one in truth if one.start <= slide.frame_seconds < one.end), None)
        if slide.kind is SlideKind.SLIDE and slide.returns_of is None and shown is not None:
            count += shown.identity in seen
            seen.add(shown.identity)
    return count


def _has_last_build(lecture: Lecture, truth: TruthSlide, slides: Sequence[Slide], film: Path) -> bool:
    late = max(truth.builds[-1], (truth.builds[-1] + truth.end) / 2)
    slide = next((one for one in slides if one.start_seconds <= late < one.end_seconds), None)
    if slide is None:
        return False
    shown = np.ones((lecture.height, lecture.width), np.bool_)
    for overlay in lecture.overlays:
        if isinstance(overlay, Inset):
            left, top, right, bottom = overlay.box
            shown[top:bottom, left:right] = False
    picture = read_picture(film, slide, MediaLimits()).astype(np.int16)
    distances = [float(np.abs(picture - build).mean(2)[shown].mean()) for build in truth.pictures]
    # Encoding alone leaves up to 10 levels on noisy, coarse films; another slide is 20 to 100 away.
    return int(np.argmin(distances)) == len(distances) - 1 and distances[-1] < 14
