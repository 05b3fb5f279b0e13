"""Follows objects from frame to frame: ByteTrack, and the first frame of each track put right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import supervision as sv
from numpy.typing import NDArray
from trackers import ByteTrackTracker
from trackers.core.bytetrack.tracklet import ByteTrackTracklet

from sightline.common.media.geometry import intersection_over_union
from sightline.object.detector import DetectedObject

UNTRACKED = 0
LOW_SCORE = 0.1
"""Objects that are less sure than asked for still go on with a track that they fit. Source: ByteTrack (Zhang et al.
2022), section 3; the number is Ultralytics' `track_low_thresh`."""

# Trackers count the frames that a track survives unseen as if there were so many in a second.
_FRAMES_PER_SECOND = 30
# A new track begins with the object of the frame before that it overlaps at least so much.
_SAME_OBJECT = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One object in one frame.

    Attributes:
        object: the object as the model saw it.
        track: the number of its track, from 1; UNTRACKED while it has none.
    """

    object: DetectedObject
    track: int

    def dump(self) -> list[Any]:
        """Give it as JSON can hold it."""
        points = self.object.key_points
        box = [float(edge) for edge in self.object.box]
        told = None if points is None else points.tolist()
        return [box, float(self.object.score), self.object.class_name, told, self.track]

    @classmethod
    def restored(cls, told: list[Any]) -> Seen:
        """Make it of what `dump` gave."""
        (left, top, right, bottom), score, class_name, points, track = told
        key_points = None if points is None else np.array(points, np.float32)
        return cls(DetectedObject((left, top, right, bottom), score, class_name, key_points), track)


@dataclass(frozen=True, slots=True, eq=False)
class SeenFrame:
    """One frame with the objects that belong to tracks, the surest first."""

    seconds: float
    seen: Sequence[Seen]


@dataclass(slots=True)
class Follower:
    """Numbers the objects of a film, one frame after the other.

    A track is known by its second frame at the soonest, so each frame is given out when the next has come in.
    """

    tracker: ByteTrackTracker
    _held: list[Seen] = field(default_factory=list)
    _held_seconds: float = 0.0
    _known: set[int] = field(default_factory=set)
    _begun: bool = False

    @classmethod
    def start(cls, min_score: float, lost_seconds: float, least_frames: int, frames_per_second: float) -> Follower:
        """Begin a film.

        Args:
            min_score: least score of an object that begins a track.
            lost_seconds: how long an object may be hidden and keep its track.
            least_frames: frames in a row in which an object is seen before it is a track; 1 for whatever is seen.
            frames_per_second: how many frames of a second are looked at.
        """
        tracker = ByteTrackTracker(
            lost_track_buffer=max(1, round(lost_seconds * _FRAMES_PER_SECOND)),
            frame_rate=frames_per_second,
            track_activation_threshold=min_score,
            high_conf_det_threshold=min_score,
            minimum_consecutive_frames=least_frames,
        )
        return cls(tracker)

    def follow(self, objects: Sequence[DetectedObject], seconds: float) -> SeenFrame | None:
        """Take in a frame.

        Returns:
            The frame before it, now that its tracks are known; None for the first.
        """
        numbers = self._numbers(objects, seconds)
        now = [Seen(one, number) for one, number in zip(objects, numbers, strict=True)]
        for seen in now:
            if seen.track != UNTRACKED and seen.track not in self._known:
                self._known.add(seen.track)
                self._begin_earlier(seen)
        before = self._release() if self._begun else None
        self._held, self._held_seconds, self._begun = now, seconds, True
        return before

    def end(self) -> SeenFrame | None:
        """Give out the last frame; None where there was none."""
        return self._release() if self._begun else None

    def dump(self) -> dict[str, Any]:
        """Give all that is known, as JSON can hold it."""
        return {
            "tracks": [_dump(one) for one in self.tracker.tracks],
            "clock": [self.tracker._last_timestamp, self.tracker._next_track_id],
            "held": [one.dump() for one in self._held],
            "held_seconds": self._held_seconds,
            "known": sorted(self._known),
            "begun": self._begun,
        }

    def restore(self, told: dict[str, Any]) -> None:
        """Take back what `dump` gave."""
        self.tracker.tracks = [_restored(one) for one in told["tracks"]]
        self.tracker._last_timestamp, self.tracker._next_track_id = told["clock"]
        self._held = [Seen.restored(one) for one in told["held"]]
        self._held_seconds, self._known, self._begun = told["held_seconds"], set(told["known"]), told["begun"]

    def _numbers(self, objects: Sequence[DetectedObject], seconds: float) -> list[int]:
        boxes = np.array([one.box for one in objects], np.float32).reshape(-1, 4)
        scores = np.array([one.score for one in objects], np.float32)
        order = np.arange(len(objects))
        found = sv.Detections(xyxy=boxes, confidence=scores, data={"order": order})
        followed = self.tracker.update(found, timestamp=seconds)
        numbers = [UNTRACKED] * len(objects)
        if followed.tracker_id is not None and len(followed):
            for place, number in zip(followed.data["order"], followed.tracker_id, strict=True):
                numbers[int(place)] = int(number) + 1 if number >= 0 else UNTRACKED
            if self.tracker.minimum_consecutive_frames <= 1:
                self._number_new(numbers, [int(place) for place in followed.data["order"]], scores)
        return numbers

    def _number_new(self, numbers: list[int], order: Sequence[int], scores: NDArray[np.float32]) -> None:
        """Number the tracks that begin with this frame; the library does so with their second frame at the soonest."""
        # Both are in the order in which the library begins tracks; a frame at the time of that before begins none.
        begun = [track for track in self.tracker.tracks if track.tracker_id < 0]
        least = self.tracker.track_activation_threshold
        places = [place for place in order if numbers[place] == UNTRACKED and scores[place] >= least]
        for track, place in zip(begun, places, strict=False):
            track.tracker_id = self.tracker._allocate_tracker_id()
            numbers[place] = track.tracker_id + 1

    def _begin_earlier(self, seen: Seen) -> None:
        """Give a new track the object that it began with, which had no number when it was seen."""
        free = [
            (intersection_over_union(held.object.box, seen.object.box), place)
            for place, held in enumerate(self._held)
            if held.track == UNTRACKED
        ]
        overlap, place = max(free, default=(0.0, 0))
        if overlap >= _SAME_OBJECT:
            self._held[place] = replace(self._held[place], track=seen.track)

    def _release(self) -> SeenFrame:
        return SeenFrame(self._held_seconds, [seen for seen in self._held if seen.track != UNTRACKED])


# What a tracklet of the library knows beside its filter. A test holds both against a film that is not interrupted.
_CLOCKS = (
    "tracker_id", "age", "time_since_update", "time_since_update_seconds", "number_of_successful_consecutive_updates",
)  # fmt: skip
_FILTER = ("state", "state_covariance")


def _dump(tracklet: ByteTrackTracklet) -> dict[str, Any]:
    known = tracklet.state_estimator.get_state()
    return {name: getattr(tracklet, name) for name in _CLOCKS} | {name: known[name].tolist() for name in _FILTER}


def _restored(told: dict[str, Any]) -> ByteTrackTracklet:
    tracklet = ByteTrackTracklet(np.zeros(4))
    for name in _CLOCKS:
        setattr(tracklet, name, told[name])
    # The rest of the filter is made anew for each step of time.
    fresh = tracklet.state_estimator.get_state()
    tracklet.state_estimator.set_state(fresh | {name: np.array(told[name]) for name in _FILTER})
    return tracklet
