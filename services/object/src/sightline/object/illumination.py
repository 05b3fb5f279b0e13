"""Even light: a picture of a microscope less its background."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]

_DEGREE = 3
# Points of the background along the longer side; light changes slowly.
_GRID = 96
# Along the shorter side of a strip there are so many at least: fewer hold no surface.
_LEAST_GRID = 8
_ROUNDS = 12
# What is further from the surface than so many standard deviations belongs to an object.
_OUTLIER = 2.0
MEDIAN_TO_DEVIATION = 1.4826
"""The standard deviation of normal noise as a multiple of the median of its absolute values, 1 / 0.6745: unlike the
mean of the squares, the median does not care for the few that are objects."""


def evened(grey: Grey) -> Grey:
    """Take the background away: a smooth surface through what is not an object.

    Args:
        grey: height x width, float32.

    Returns:
        height x width, float32: 0 in the background, above it what is brighter, below it what is darker.

    Source: sigma clipping, as astronomers estimate the sky.
    """
    height, width = grey.shape
    rows, columns = _points(height, max(height, width)), _points(width, max(height, width))
    terms = _terms(rows / height, columns / width)
    seen = grey[np.ix_(rows, columns)].ravel().astype(np.float64)
    weights = _clipped_fit(terms.reshape(-1, terms.shape[-1]), seen)
    return grey - _surface(weights, height, width)


def _points(side_px: int, longer_px: int) -> NDArray[np.int64]:
    step = max(1, min(longer_px // _GRID, side_px // _LEAST_GRID))
    return np.arange(step // 2, side_px, step)


def _clipped_fit(terms: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit what was seen by terms, n x k and n: the k weights, with the outliers left out."""
    # The middle half of the values is the first guess: most of a picture is background.
    away = np.abs(seen - np.median(seen))
    kept = away <= np.quantile(away, 0.5)
    weights = np.zeros(terms.shape[1])
    ridge = 1e-9 * len(terms) * np.eye(terms.shape[1])  # keeps it solvable where few points are left
    for _ in range(_ROUNDS):
        weights = np.linalg.solve(terms[kept].T @ terms[kept] + ridge, terms[kept].T @ seen[kept])
        rest = seen - terms @ weights
        spread = MEDIAN_TO_DEVIATION * float(np.median(np.abs(rest[kept])))
        now = np.abs(rest) <= max(_OUTLIER * spread, 0.5)
        if now.sum() < 4 * terms.shape[1] or (now == kept).all():
            break
        kept = now
    return weights


def _terms(rows: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.float64]:
    y, x = rows[:, None], columns[None, :]
    powers = [(i, j) for i in range(_DEGREE + 1) for j in range(_DEGREE + 1 - i)]
    return np.stack([y**i * x**j * np.ones((len(rows), len(columns))) for i, j in powers], axis=-1)


def _surface(weights: NDArray[np.float64], height: int, width: int) -> Grey:
    # A band of rows at a time: the terms of a whole picture would be ten times its size.
    surface = np.empty((height, width), np.float32)
    columns = np.arange(width) / width
    for top in range(0, height, 64):
        rows = np.arange(top, min(top + 64, height)) / height
        surface[top : top + 64] = _terms(rows, columns) @ weights
    return surface
