"""What is counted in a film: tracks, objects over time, crossings of lines and visits of zones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import cv2
import numpy as np

from sightline.common.media.geometry import Box
from sightline.object.tracking import Seen, SeenFrame

Point = tuple[float, float]

# The centre of a box trembles by about this share of its size; a crossing has to be more than that.
_TREMBLE = 0.05


def centre(box: Box) -> Point:
    """Give the middle of a box."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


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


@dataclass(frozen=True, slots=True)
class Crossing:
    """One object that crossed a line; `rightward` for someone who walks from the line's start to its end."""

    track: int
    seconds: float
    rightward: bool


class Line:
    """A line in pixels of the picture, and who crossed it.

    A track that was hidden for a while is judged by where it was before and where it is now.
    """

    def __init__(self, name: str, start: Point, end: Point) -> None:
        self.name = name
        self.crossings: list[Crossing] = []
        self._start = np.array(start)
        self._along = np.array(end) - self._start
        self._settled: dict[int, Point] = {}

    def take(self, frame: SeenFrame) -> None:
        """Take in a frame."""
        for seen in frame.seen:
            here = centre(seen.object.box)
            if abs(self._side(here)) < _TREMBLE * _size(seen.object.box):
                continue
            before = self._settled.get(seen.track)
            self._settled[seen.track] = here
            if before is not None and self._is_crossed(before, here):
                self.crossings.append(Crossing(seen.track, frame.seconds, rightward=self._side(here) > 0))

    def dump(self) -> dict[str, Any]:
        """Give all that is known, as JSON can hold it."""
        return {"crossings": [asdict(one) for one in self.crossings], "settled": list(self._settled.items())}

    def restore(self, told: dict[str, Any]) -> None:
        """Take back what `dump` gave."""
        self.crossings = [Crossing(**one) for one in told["crossings"]]
        self._settled = {track: (x, y) for track, (x, y) in told["settled"]}

    def _side(self, point: Point) -> float:
        """Give the distance from the line, above 0 on its right (rows count downwards)."""
        away = np.array(point) - self._start
        length = float(np.hypot(*self._along))
        return float(self._along[0] * away[1] - self._along[1] * away[0]) / length

    def _is_crossed(self, before: Point, here: Point) -> bool:
        was, now = self._side(before), self._side(here)
        if (was > 0) == (now > 0):
            return False
        met = np.array(before) + (np.array(here) - np.array(before)) * was / (was - now)
        share = float(np.dot(met - self._start, self._along) / np.dot(self._along, self._along))
        return 0 <= share <= 1


@dataclass(slots=True)
class Visit:
    """The time that one object spent in a zone."""

    track: int
    start_seconds: float
    end_seconds: float
    inside_seconds: float = 0.0


class Zone:
    """A polygon in pixels of the picture, and who was in it."""

    def __init__(self, name: str, corners: Sequence[Point], lost_seconds: float) -> None:
        """Take a polygon.

        Args:
            name: what results call it.
            corners: in order, three or more.
            lost_seconds: a gap that is longer than this was spent elsewhere.
        """
        self.name = name
        self.most_at_once = 0
        self._visits: dict[int, Visit] = {}
        self._corners = np.array(corners, np.float32)[:, None]
        self._lost_seconds = lost_seconds
        self._inside: set[int] = set()

    def take(self, frame: SeenFrame) -> None:
        """Take in a frame."""
        present = {seen.track for seen in frame.seen}
        inside = {seen.track for seen in frame.seen if self._holds(centre(seen.object.box))}
        for track in inside:
            visit = self._visits.setdefault(track, Visit(track, frame.seconds, frame.seconds))
            away_seconds = frame.seconds - visit.end_seconds
            if track in self._inside and away_seconds <= self._lost_seconds:
                visit.inside_seconds += away_seconds
            visit.end_seconds = frame.seconds
        # Who is hidden for a moment has not left.
        self._inside = inside | (self._inside - present)
        self.most_at_once = max(self.most_at_once, len(inside))

    def dump(self) -> dict[str, Any]:
        """Give all that is known, as JSON can hold it."""
        visits = [asdict(one) for one in self._visits.values()]
        return {"most_at_once": self.most_at_once, "visits": visits, "inside": sorted(self._inside)}

    def restore(self, told: dict[str, Any]) -> None:
        """Take back what `dump` gave."""
        self.most_at_once, self._inside = told["most_at_once"], set(told["inside"])
        self._visits = {one["track"]: Visit(**one) for one in told["visits"]}

    def visits(self) -> list[Visit]:
        """List the visits in the order of their tracks."""
        return [self._visits[track] for track in sorted(self._visits)]

    def _holds(self, point: Point) -> bool:
        return float(cv2.pointPolygonTest(self._corners, point, measureDist=False)) >= 0


def _size(box: Box) -> float:
    return float(np.hypot(box[2] - box[0], box[3] - box[1]))
