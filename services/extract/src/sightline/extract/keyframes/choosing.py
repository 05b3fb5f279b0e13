"""Which of many frames stand for a film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sightline.extract.keyframes.looks import Look, difference, is_mixed

# Frames that are less unlike than this show the same: noise and a swaying camera stay below it (0.004 and 0.03), other
# words on the same slide (0.04) and other scenes (0.3) above.
_SAME = 0.035
# How much it counts to be far away in time: as much as this difference of looks, from the first to the last second.
_SPREAD = 0.15
# A frame without any sharpness counts so much less than a sharp one.
_BLURRED = 0.3


@dataclass(frozen=True, slots=True)
class _Run:
    """Frames one after the other that look the same, and the one that shows it best."""

    best: Look
    quality: float


def choose(looks: Sequence[Look], most: int) -> list[Look]:
    """Choose the frames that show as much as possible of what there is to see.

    The first is the best of all; each next one is the one that is most unlike those that were chosen, in looks and in
    time, and of good quality. What looks like one that was chosen is left out. Source: farthest-point clustering,
    Gonzalez 1985.

    Args:
        looks: frames in the order of time.
        most: how many at most, 1 or more.

    Returns:
        The frames in the order of time; at least one where there is any.
    """
    runs = _runs(_worth_showing(looks))
    if not runs:
        return []
    grids = np.stack([run.best.grid.ravel() for run in runs])
    times = np.array([run.best.seconds for run in runs])
    quality = np.array([run.quality for run in runs])
    length = max(float(times[-1] - times[0]), 1e-9)
    chosen = [int(np.argmax(quality))]
    unlike, away = np.full(len(runs), np.inf), np.full(len(runs), np.inf)
    while len(chosen) < most:
        last = chosen[-1]
        unlike = np.minimum(unlike, np.sqrt(np.mean(np.square(grids - grids[last]), axis=1)))
        away = np.minimum(away, np.abs(times - times[last]) / length)
        value = np.where(unlike >= _SAME, (unlike + _SPREAD * away) * quality, 0.0)
        if not value.any():
            break
        chosen.append(int(np.argmax(value)))
    return [runs[index].best for index in sorted(chosen)]


def _worth_showing(looks: Sequence[Look]) -> Sequence[Look]:
    """Leave out what shows nothing and what is half of one scene and half of the next, unless that is all there is."""
    shown = [look for look in looks if not look.blank]
    if not shown:
        return looks[:1]
    clear = [
        look
        for before, look, after in zip(looks, looks[1:], looks[2:], strict=False)
        if not look.blank and not is_mixed(look, before, after)
    ]
    ends = [look for look in (looks[0], looks[-1]) if not look.blank]
    return sorted({id(look): look for look in (*clear, *ends)}.values(), key=lambda look: look.seconds) or shown


def _runs(looks: Sequence[Look]) -> list[_Run]:
    usual = float(np.median([look.sharpness for look in looks])) if looks else 0.0
    runs: list[list[Look]] = []
    for look in looks:
        # Compared with the first of a run: what drifts slowly is another picture in the end.
        if runs and difference(runs[-1][0].grid, look.grid) < _SAME:
            runs[-1].append(look)
        else:
            runs.append([look])
    return [_run(run, usual) for run in runs]


def _run(looks: Sequence[Look], usual_sharpness: float) -> _Run:
    best = max(looks, key=lambda look: look.sharpness)
    sharp = best.sharpness / (best.sharpness + usual_sharpness) * 2 if best.sharpness > 0 else 0.0
    return _Run(best, _BLURRED + (1 - _BLURRED) * min(sharp, 1.0))
