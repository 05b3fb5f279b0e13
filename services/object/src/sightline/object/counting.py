"""What is counted in a film: tracks, and objects over time."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from sightline.object.tracking import Seen, SeenFrame


@dataclass(slots=True)
class Track:
    """One object followed through a film; times are seconds from its start.

    Attributes:
        number: from 1.
        start_seconds: when it was first seen.
        end_seconds: when it was last seen.
        best: the object where the model was surest.
        best_seconds: when that was.
        classes: how many frames it was taken for each class.
        weights: the sum of the scores for each class.
    """

    number: int
    start_seconds: float
    end_seconds: float
    best: Seen
    best_seconds: float
    classes: Counter[str] = field(default_factory=Counter)
    weights: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def class_name(self) -> str:
        """The class that it was most surely of."""
        return max(self.weights, key=lambda name: self.weights[name])


class Tracks:
    """The tracks of a film."""

    def __init__(self) -> None:
        self._tracks: dict[int, Track] = {}

    def take(self, frame: SeenFrame) -> None:
        """Take in a frame."""
        for seen in frame.seen:
            track = self._tracks.get(seen.track)
            if track is None:
                track = Track(seen.track, frame.seconds, frame.seconds, seen, frame.seconds)
                self._tracks[seen.track] = track
            track.end_seconds = frame.seconds
            track.classes[seen.object.class_name] += 1
            track.weights[seen.object.class_name] += seen.object.score
            if seen.object.score > track.best.object.score:
                track.best, track.best_seconds = seen, frame.seconds

    def dump(self) -> list[Any]:
        """Give all that is known, as JSON can hold it."""
        return [
            [
                one.number,
                one.start_seconds,
                one.end_seconds,
                one.best.dump(),
                one.best_seconds,
                one.classes,
                one.weights,
            ]
            for one in self._tracks.values()
        ]

    def restore(self, told: list[Any]) -> None:
        """Take back what `dump` gave."""
        for number, start, end, best, best_seconds, classes, weights in told:
            self._tracks[number] = Track(
                number, start, end, Seen.restored(best), best_seconds, Counter(classes), defaultdict(float, weights)
            )

    def all(self) -> list[Track]:
        """List the tracks in the order of their start."""
        return sorted(self._tracks.values(), key=lambda track: (track.start_seconds, track.number))


@dataclass(frozen=True, slots=True)
class Interval:
    """What was seen in one interval of time.

    Attributes:
        start_seconds: where it begins.
        seen: for each class, how many different objects.
        most_at_once: for each class, the most in one frame.
    """

    start_seconds: float
    seen: Counter[str]
    most_at_once: Counter[str]


class Intervals:
    """Objects over time."""

    def __init__(self, length_seconds: float) -> None:
        self._length_seconds = length_seconds
        self._tracks: dict[int, dict[str, set[int]]] = {}
        self._most: dict[int, Counter[str]] = {}

    def take(self, frame: SeenFrame) -> None:
        """Take in a frame."""
        if not frame.seen:
            return
        number = int((frame.seconds + 1e-6) / self._length_seconds)
        tracks = self._tracks.setdefault(number, defaultdict(set))
        for seen in frame.seen:
            tracks[seen.object.class_name].add(seen.track)
        # The union of counters keeps the greater of each.
        now = Counter(seen.object.class_name for seen in frame.seen)
        self._most[number] = self._most.get(number, Counter()) | now

    def dump(self) -> list[Any]:
        """Give all that is known, as JSON can hold it."""
        return [
            [number, {name: sorted(tracks) for name, tracks in seen.items()}, self._most[number]]
            for number, seen in self._tracks.items()
        ]

    def restore(self, told: list[Any]) -> None:
        """Take back what `dump` gave."""
        for number, seen, most in told:
            self._tracks[number] = defaultdict(set, {name: set(tracks) for name, tracks in seen.items()})
            self._most[number] = Counter(most)

    def all(self) -> list[Interval]:
        """List the intervals in which something was seen, in order."""
        return [
            Interval(
                number * self._length_seconds,
                Counter({name: len(tracks) for name, tracks in self._tracks[number].items()}),
                self._most[number],
            )
            for number in sorted(self._tracks)
        ]
