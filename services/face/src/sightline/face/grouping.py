"""Who is who in a film: tracks of one person are put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sightline.common.models import MatchThresholds
from sightline.face.track import Track

# Comparing all with all takes memory by the square: so many at a time, with those that were put together before.
_AT_ONCE = 1000
# Beyond so many people the earliest are left as they are: memory stays bounded in a film of a street.
_MOST_GROUPS = 3000
_NEVER = -np.inf


@dataclass(slots=True)
class _Group:
    """Tracks that are taken for one person's."""

    tracks: list[Track]
    total: NDArray[np.float64]
    weak: bool

    @classmethod
    def of(cls, track: Track) -> _Group:
        return cls([track], track.embedding.astype(np.float64), track.best.weak)

    def take_in(self, other: _Group) -> None:
        self.tracks += other.tracks
        self.total = self.total + other.total
        # One face that is good enough tells for all that were found to be like it.
        self.weak = self.weak and other.weak


@dataclass(frozen=True, slots=True)
class Person:
    """The tracks of one person.

    Attributes:
        number: from 1, those who are seen longest first.
        tracks: in the order of their start.
    """

    number: int
    tracks: list[Track] = field(default_factory=list)

    @property
    def best(self) -> Track:
        """The track with the best shot."""
        return max(self.tracks, key=lambda track: track.best.quality_score)

    @property
    def embedding(self) -> NDArray[np.float32]:
        """The mean of the embeddings, of unit length."""
        total = np.sum([track.embedding for track in self.tracks], axis=0)
        return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), np.float32)

    def ranges(self, spacing_seconds: float) -> list[tuple[float, float]]:
        """Say when the person is seen, in order; what touches is one range.

        Args:
            spacing_seconds: how long each sighting stands for.
        """
        spans = sorted((track.first_seconds, track.last_seconds + spacing_seconds) for track in self.tracks)
        joined = [spans[0]]
        for start, end in spans[1:]:
            if start <= joined[-1][1] + spacing_seconds / 2:
                joined[-1] = (joined[-1][0], max(joined[-1][1], end))
            else:
                joined.append((start, end))
        return joined


def people_of(
    tracks: Sequence[Track], thresholds: MatchThresholds, min_similarity: float | None, spacing_seconds: float
) -> list[Person]:
    """Put tracks together that are one person's.

    Groups grow from the most alike pair down, by the mean likeness of their tracks (average linkage), as long as it
    reaches the threshold; two faces that are seen at the same time are never one person.

    Args:
        tracks: in the order of their start.
        thresholds: how alike two embeddings of one person are, as the model's catalogue says.
        min_similarity: the caller's own in the place of both; None for the model's.
        spacing_seconds: how long each sighting stands for.

    Returns:
        The people, those who are seen longest first; empty without tracks.
    """
    groups: list[_Group] = []
    settled: list[_Group] = []
    for start in range(0, len(tracks), _AT_ONCE):
        groups += [_Group.of(track) for track in tracks[start : start + _AT_ONCE]]
        groups = _merged(groups, thresholds, min_similarity)
        settled, groups = settled + groups[:-_MOST_GROUPS], groups[-_MOST_GROUPS:]
    groups = settled + groups
    people = [Person(0, sorted(group.tracks, key=lambda track: track.number)) for group in groups]
    seen = [sum(end - start for start, end in person.ranges(spacing_seconds)) for person in people]
    order = sorted(range(len(people)), key=lambda place: (-round(seen[place], 6), people[place].tracks[0].number))
    return [Person(number, people[place].tracks) for number, place in enumerate(order, start=1)]


def _merged(groups: list[_Group], thresholds: MatchThresholds, min_similarity: float | None) -> list[_Group]:
    """Merge the pair that clears its threshold by most, again and again; the sums say the mean of all pairs."""
    totals = np.array([group.total for group in groups])
    sizes = np.array([len(group.tracks) for group in groups], np.float64)
    weak = np.array([group.weak for group in groups])
    apart = _apart(groups)

    def margins(rows: NDArray[np.intp] | slice) -> NDArray[np.float64]:
        alike = totals[rows] @ totals.T / (sizes[rows][:, None] * sizes[None, :])
        if min_similarity is not None:
            return np.where(apart[rows], _NEVER, alike - min_similarity)
        strict = weak[rows][:, None] | weak[None, :]
        return np.where(apart[rows], _NEVER, alike - np.where(strict, thresholds.strict, thresholds.ordinary))

    left = margins(slice(None))
    while len(groups) > 1:
        one, other = sorted(divmod(int(np.argmax(left)), len(groups)))
        if left[one, other] < 0:
            break
        groups[one].take_in(groups[other])
        totals[one], sizes[one], weak[one] = groups[one].total, len(groups[one].tracks), groups[one].weak
        apart[one] |= apart[other]
        apart[:, one] |= apart[:, other]
        # The gone stays in the tables, apart from all, so that nothing has to be copied.
        apart[other], apart[:, other] = True, True
        left[one] = left[:, one] = margins(np.array([one]))[0]
        left[other], left[:, other] = _NEVER, _NEVER
        groups[other].tracks = []
    return [group for group in groups if group.tracks]


def _apart(groups: Sequence[_Group]) -> NDArray[np.bool_]:
    """Say which groups are seen at the same time, and so are not one person."""
    apart = np.eye(len(groups), dtype=bool)
    spans = [(track.first_seconds, track.last_seconds, place) for place, group in enumerate(groups)
             for track in group.tracks]  # fmt: skip
    starts, ends = (np.array([span[side] for span in spans]) for side in (0, 1))
    owners = np.array([span[2] for span in spans], np.intp)
    for start, end, owner in spans:
        apart[owner, owners[(starts <= end) & (ends >= start)]] = True
    return apart | apart.T
