"""Compare what was found with the truth: transitions, duplicates, last builds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.lectures import Lecture, TruthSlide
from bench.lectures.overlays import Inset
from sightline.common.settings import MediaLimits
from sightline.extract.slides import Showing, Slide, number_slides, read_pictures
from sightline.extract.slides.slide import Region

TOLERANCE_SECONDS = 1.0
# A region that overlaps with the true one by less (intersection over union) was cut wrongly.
LEAST_OVERLAP = 0.95


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
    regions_missed: int = 0

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
    """Match cuts with the truth one to one, each with the nearest that is left.

    Where one camera follows another no slide comes or goes: such a cut need not be found, and does not count if it is.
    """
    changes = list(pairwise(lecture.truth))
    truth = [after.start for before, after in changes if "slide" in (before.kind, after.kind)]
    free = [after.start for before, after in changes if "slide" not in (before.kind, after.kind)]
    left, hits = _unmatched(truth, sorted(cuts))
    left, _ = _unmatched(free, left)
    return Score(true=len(truth), found=hits + len(left), hits=hits)


def _unmatched(truth: Sequence[float], cuts: list[float]) -> tuple[list[float], int]:
    """Give the cuts that are left when each of the truth has taken the nearest, and how many were taken."""
    left = list(cuts)
    for time in truth:
        near = [cut for cut in left if abs(cut - time) <= TOLERANCE_SECONDS]
        if near:
            left.remove(min(near, key=lambda cut: abs(cut - time)))
    return left, len(cuts) - len(left)


def score_slides(lecture: Lecture, showings: Sequence[Showing], film: Path) -> Score:
    """Match everything that was found."""
    score = score_cuts(lecture, [showing.start_seconds for showing in showings[1:]])
    truth = [one for one in lecture.truth if one.kind == "slide"]
    slides = number_slides(showings)
    score.slides = len(slides)
    score.duplicates = _duplicates(truth, slides)
    score.truth_slides = len(truth)
    pictures = {slide.number: pixels for slide, pixels in read_pictures(film, slides, MediaLimits())}
    score.last_builds = sum(_has_last_build(lecture, one, slides, pictures) for one in truth)
    score.regions_missed = sum(_overlap(slide.region, lecture.region) < LEAST_OVERLAP for slide in slides[:1])
    return score


def _duplicates(truth: Sequence[TruthSlide], slides: Sequence[Slide]) -> int:
    seen: set[int] = set()
    count = 0
    for slide in slides:
        shown = next((one for one in truth if one.start <= slide.frame_seconds < one.end), None)
        if shown is not None:
            count += shown.identity in seen
            seen.add(shown.identity)
    return count


def _has_last_build(
    lecture: Lecture, truth: TruthSlide, slides: Sequence[Slide], pictures: dict[int, NDArray[np.uint8]]
) -> bool:
    late = max(truth.builds[-1], (truth.builds[-1] + truth.end) / 2)
    slide = next((one for one in slides if any(start <= late < end for start, end in one.ranges)), None)
    if slide is None:
        return False
    shown = np.ones((lecture.height, lecture.width), np.bool_)
    for overlay in lecture.overlays:
        if isinstance(overlay, Inset):
            left, top, right, bottom = overlay.box
            shown[top:bottom, left:right] = False
    left, top, right, bottom = (
        round(share * side) for share, side in zip(slide.region, (lecture.width, lecture.height) * 2, strict=True)
    )
    part = np.s_[top:bottom, left:right]
    picture = pictures[slide.number].astype(np.int16)
    distances = [float(np.abs(picture - build[part]).mean(2)[shown[part]].mean()) for build in truth.pictures]
    # Encoding alone leaves up to 10 levels on noisy, coarse films; another slide is 20 to 100 away.
    return distances[-1] <= min(distances) and distances[-1] < 14


def _overlap(one: Region, other: Region) -> float:
    """Give intersection over union."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0.0, wide) * max(0.0, high)
    return common / (_area(one) + _area(other) - common)


def _area(region: Region) -> float:
    return (region[2] - region[0]) * (region[3] - region[1])
