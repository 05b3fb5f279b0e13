"""A guard against clipping: what would not fit is made quieter around its peaks, and the rest is not touched."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from sightline.extract.sound.converting import Samples

HIGHEST = 32_767 / 32_768
"""The largest value that 16 bits hold; the smallest is -1."""
# Half of how long a change of gain takes. Shorter distorts low tones, longer is heard as pumping.
_HALF_SECONDS = 0.01


class Guard:
    """A limiter that looks ahead, for one sound that comes in blocks.

    A sample that fits, with all that fit 20 ms around it, leaves as it came, to the bit. Around one that does not,
    the gain goes down smoothly to what it needs and up again: the lowest gain within 10 ms on either side, smoothed
    over the same 20 ms by a triangle, which therefore is never above what any sample needs.

    Source: the usual look-ahead limiter (minimum filter, then a smoothing filter of the same length), as in
    Giannoulis, Massberg and Reiss, "Digital dynamic range compressor design", JAES 60 (2012).
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._half = max(round(rate_hz * _HALF_SECONDS) // 2 * 2, 2)
        # What a gain depends on, before and after the sample that it is for.
        self._context = 2 * self._half
        self._held = np.zeros((channels, self._context), np.float32)
        self._least_gain = 1.0

    @property
    def reduction_db(self) -> float:
        """How much was taken away at most, 0 or more."""
        return 20 * math.log10(1 / self._least_gain)

    def add(self, block: Samples) -> Samples:
        """Take in a block and give what is ready: what came before, up to 40 ms ago."""
        held = np.concatenate((self._held, block), axis=1)
        ready = held.shape[1] - 2 * self._context
        if ready <= 0:
            self._held = held
            return block[:, :0]
        self._held = held[:, ready:]
        middle = held[:, self._context : self._context + ready]
        fits = held.max() <= HIGHEST and held.min() >= -1
        return middle if fits else (middle * self._gains(held)).astype(np.float32)

    def rest(self) -> Samples:
        """Give what is left when all has come."""
        return self.add(np.zeros((self._held.shape[0], self._context), np.float32))

    def _gains(self, held: Samples) -> NDArray[np.float64]:
        highest = np.maximum(held.max(axis=0).astype(np.float64) / HIGHEST, -held.min(axis=0).astype(np.float64))
        needed = 1 / np.maximum(highest, 1.0)
        lowest = _lowest(needed, 2 * self._half + 1)
        smooth = _mean(_mean(lowest, self._half + 1), self._half + 1)
        gains = np.where(_lowest(lowest, 2 * self._half + 1) == 1, 1.0, smooth)
        self._least_gain = min(self._least_gain, float(gains.min()))
        return gains


def guarded(blocks: Iterable[Samples], guard: Guard) -> Iterator[Samples]:
    """Pass a whole sound through a guard."""
    for block in blocks:
        yield guard.add(block)
    yield guard.rest()


def _lowest(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Find the lowest of every `width` values in a row, by windows that double: len(values) - width + 1 of them."""
    span = 1
    while 2 * span <= width:
        values = np.minimum(values[:-span], values[span:])
        span *= 2
    rest = width - span
    return np.minimum(values[: len(values) - rest], values[rest:]) if rest else values


def _mean(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    sums = np.cumsum(np.concatenate(([0.0], values)))
    means: NDArray[np.float64] = (sums[width:] - sums[:-width]) / width
    return means
