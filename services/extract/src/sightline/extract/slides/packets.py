"""What the sizes of packets tell without decoding: new content needs bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.extract.slides.film import PacketNote

_BIN_SECONDS = 0.25
# Bytes that vary by themselves: so many times their median deviation is a robust three sigma.
_DEVIATIONS = 4.5
# A slide that comes and goes between two key frames costs at least this share of a key frame, twice.
_SHARE_OF_KEY = 0.1
# A camera's bytes do not fall below this share of the usual for a second; a slide's do.
_LULL_SHARE = 0.2
_LULL_BINS = 4
# A group of pictures is whole where it lasts for this share of the longest; a shorter one was ended by a cut.
_WHOLE_SHARE = 0.9
# Bins this near to each other belong to one change.
_GAP_BINS = 2


@dataclass(frozen=True, slots=True)
class Burst:
    """A time in which more bytes were spent than what moves there always needs."""

    start: float
    end: float
    excess_bytes: float


@dataclass(frozen=True, slots=True)
class Spending:
    """How the bytes of an interval between two key frames are spread.

    Attributes:
        bursts: in order of time.
        elsewhere_bytes: what was spent over the usual outside of the bursts.
        hidden_bytes: what could be spent in a moment without being told from the usual.
        lull: whether there is a second in which almost nothing was spent, although that is not usual.
    """

    bursts: tuple[Burst, ...]
    elsewhere_bytes: float
    hidden_bytes: float
    lull: bool


class PacketProfile:
    """Bytes over time of a film, without its key frames."""

    def __init__(self, notes: Sequence[PacketNote]) -> None:
        """Take the notes of all packets of a range, in any order."""
        ordered = sorted(notes, key=lambda note: note.seconds)
        self._seconds = np.array([note.seconds for note in ordered])
        self._bytes = np.array([0 if note.key else note.size_bytes for note in ordered], np.float64)
        self._total = np.concatenate([[0.0], np.cumsum([note.size_bytes for note in ordered])])
        self._keys = [(note.seconds, note.size_bytes) for note in ordered if note.key]
        self._due = _due([at for at, _ in self._keys])

    @property
    def end_seconds(self) -> float:
        """The time of the last packet."""
        return float(self._seconds[-1])

    def key_bytes(self, seconds: float) -> float:
        """Give the size of the last key frame at or before a time."""
        return float(next((size for at, size in reversed(self._keys) if at <= seconds + 1e-3), 0))

    def is_due(self, seconds: float) -> bool:
        """Tell whether the key frame at a time ends a whole group of pictures, so that no cut need have caused it."""
        return seconds in self._due

    def keys_between(self, start: float, end: float) -> list[float]:
        """Give the times of the key frames between two times, without them."""
        return [at for at, _ in self._keys if start + 1e-3 < at < end - 1e-3]

    def shown_until(self, seconds: float, end: float) -> float:
        """Give the time of the packet after a time, or `end` when none comes before it."""
        index = int(np.searchsorted(self._seconds, seconds + 1e-3))
        return min(end, float(self._seconds[index])) if index < len(self._seconds) else end

    def longest_gap(self, start: float, end: float) -> float:
        """Give the longest time between two packets that follow each other."""
        first, last = np.searchsorted(self._seconds, [start - 1e-3, end + 1e-3])
        return float(np.diff(self._seconds[first:last]).max(initial=0.0))

    def spent(self, start: float, end: float) -> float:
        """Give the bytes of all packets after `start` up to `end`."""
        first, last = np.searchsorted(self._seconds, [start + 1e-3, end + 1e-3])
        return float(self._total[last] - self._total[first])

    def spending(self, start: float, end: float) -> Spending:
        """Tell how the bytes between two key frames are spread."""
        edges = np.arange(start, end + _BIN_SECONDS, _BIN_SECONDS)
        if len(edges) < 3:
            return Spending((), 0.0, 0.0, False)
        first, last = np.searchsorted(self._seconds, [start + 1e-3, end - 1e-3])
        sums, _ = np.histogram(self._seconds[first:last], edges, weights=self._bytes[first:last])
        usual = float(np.median(sums))
        noise = _DEVIATIONS * float(np.median(np.abs(sums - usual)))
        over = np.maximum(0.0, sums - usual - noise)
        bursts = _bursts(over, edges, _SHARE_OF_KEY * self.key_bytes(start) / 2)
        in_bursts = sum(burst.excess_bytes for burst in bursts)
        return Spending(tuple(bursts), float(over.sum()) - in_bursts, usual + noise, _has_lull(sums, usual))


def _due(keys: Sequence[float]) -> frozenset[float]:
    gaps = np.diff(keys)
    whole = gaps >= _WHOLE_SHARE * gaps.max(initial=0.0)
    # A length that is never met again may be the cuts' and not the encoder's.
    return frozenset(at for at, ends in zip(keys[1:], whole, strict=True) if ends) if whole.sum() > 1 else frozenset()


def _bursts(over: NDArray[np.float64], edges: NDArray[np.float64], least: float) -> list[Burst]:
    bursts: list[Burst] = []
    groups: list[list[int]] = []
    for index in np.flatnonzero(over > 0):
        if groups and index - groups[-1][-1] <= _GAP_BINS:
            groups[-1].append(int(index))
        else:
            groups.append([int(index)])
    for group in groups:
        excess = float(over[group].sum())
        if excess >= least:
            bursts.append(Burst(float(edges[group[0]]), float(edges[group[-1] + 1]), excess))
    return bursts


def _has_lull(sums: NDArray[np.float64], usual: float) -> bool:
    low = (sums < _LULL_SHARE * usual).astype(np.int8)
    return len(low) >= _LULL_BINS and bool(
        (np.convolve(low, np.ones(_LULL_BINS, np.int8), "valid") == _LULL_BINS).any()
    )
