"""What is counted at a place of the picture: crossings of lines, and visits of zones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from sightline.common.media.geometry import Box
from sightline.object.tracking import SeenFrame

Point = tuple[float, float]
"""Across and down."""

# The centre of a box trembles by about this share of its size; a crossing has to be more than that.
_TREMBLE = 0.05


@dataclass(frozen=True, slots=True)
class Crossing:
    """One object that crossed a line; `rightward` for someone who walks from the line's start to its end."""

    track: int
    seconds: float
    rightward: bool


@dataclass(slots=True)
class _Walker:
    """Where a track is beside a line.

    Attributes:
        here: where it was seen last.
        settled: the side on which it was clear of the line, above 0 for the right; 0 while it never was.
        met: where it was on the line last, as a share of the way from start to end.
    """

    here: Point
    settled: float = 0.0
    met: float = -1.0


class Line:
    """A line in pixels of the picture, and who crossed it.

    Who stands on the line, or trembles on it, has crossed once they are clear of it on its other side, if they left it
    between its ends. A track that was hidden for a while is judged by where it was before and where it is now.
    """

    def __init__(self, name: str, start: Point, end: Point) -> None:
        self.name = name
        self.crossings: list[Crossing] = []
        self._start = np.array(start)
        self._along = np.array(end) - self._start
        self._walkers: dict[int, _Walker] = {}

    def take(self, frame: SeenFrame) -> None:
        """Take in a frame."""
        for seen in frame.seen:
            here = _centre(seen.object.box)
            walker = self._walkers.setdefault(seen.track, _Walker(here))
            now, was = self._side(here), self._side(walker.here)
            if was * now <= 0:
                walker.met = self._share(walker.here, here, was / (was - now) if was != now else 1.0)
            walker.here = here
            if abs(now) < _TREMBLE * _size(seen.object.box):
                continue
            if walker.settled * now < 0 and 0 <= walker.met <= 1:
                self.crossings.append(Crossing(seen.track, frame.seconds, rightward=now > 0))
            walker.settled = math.copysign(1.0, now)

    def dump(self) -> dict[str, Any]:
        """Give all that is known, as JSON can hold it."""
        walkers = [[track, *one.here, one.settled, one.met] for track, one in self._walkers.items()]
        return {"crossings": [asdict(one) for one in self.crossings], "walkers": walkers}

    def restore(self, told: dict[str, Any]) -> None:
        """Take back what `dump` gave."""
        self.crossings = [Crossing(**one) for one in told["crossings"]]
        self._walkers = {track: _Walker((x, y), settled, met) for track, x, y, settled, met in told["walkers"]}

    def _side(self, point: Point) -> float:
        """Give the distance from the line, above 0 on its right (rows count downwards)."""
        away = np.array(point) - self._start
        length = float(np.hypot(*self._along))
        return float(self._along[0] * away[1] - self._along[1] * away[0]) / length

    def _share(self, before: Point, here: Point, way: float) -> float:
        """Give the place on the line, 0 at its start and 1 at its end, that lies this share of the way along."""
        met = np.array(before) + (np.array(here) - np.array(before)) * way
        return float(np.dot(met - self._start, self._along) / np.dot(self._along, self._along))


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
        inside = {seen.track for seen in frame.seen if self._holds(_centre(seen.object.box))}
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


def _centre(box: Box) -> Point:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
