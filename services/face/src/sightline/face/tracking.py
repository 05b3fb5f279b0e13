"""Follows faces from frame to frame: by their place, and by their likeness where the place does not tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from sightline.common.media.geometry import intersection_over_union
from sightline.common.models import MatchThresholds
from sightline.face.analysis import Face
from sightline.face.settings import FilmSettings
from sightline.face.track import MOVING_SECONDS, Track

# Overlap of two boxes from which they may be of one face, and from which another face comes into question at all.
_SAME_PLACE, _NEAR = 0.2, 0.05
# Share of the threshold of likeness under which a face that was followed by its place alone is somebody else's: a cut
# that nobody saw, or one who stepped in front of another.
_SOMEBODY_ELSE = 0.5
# A shot is a better one only from here on: a little better is not worth the work.
_BETTER = 0.03
# Someone who was hidden shows half a face at first: for so long a new track may turn out to be one that was lost.
_YOUNG_SECONDS = 1.0
# A track is told in one piece, and whoever reads the news is seen for hours: after so many frames the next one begins.
MOST_SIGHTINGS = 10_000
_NEVER = -1e6


class Looked(Protocol):
    """A frame that was looked at."""

    @property
    def seconds(self) -> float:
        """Its time from the start of the film."""
        ...

    @property
    def faces(self) -> Sequence[Face]:
        """The faces in it, with their quality."""
        ...

    def described(self, place: int) -> Face:
        """Give a face with its embedding, which costs time when it is asked for first."""
        ...

    def shot(self, place: int) -> bytes:
        """Give a face as a JPEG."""
        ...


class Follower:
    """Gives each face of a film to a track, one frame after the other.

    Attributes:
        scene: the number of the scene, from 1.
        begun: how many tracks have begun.
        tracks: those that go on, or may yet, in the order of their start.
    """

    def __init__(self, settings: FilmSettings, thresholds: MatchThresholds, spacing_seconds: float) -> None:
        """Begin a film.

        Args:
            settings: how films are looked at.
            thresholds: how alike two embeddings of one person are.
            spacing_seconds: time from one frame to the next.
        """
        # Whoever is in every frame is never lost, however far apart they are.
        self._lost_seconds = max(settings.lost_seconds, 1.5 * spacing_seconds)
        self._describe_seconds = settings.describe_seconds
        self._thresholds = thresholds
        self.scene = 1
        self.begun = 0
        self.tracks: list[Track] = []

    def cut(self) -> list[Track]:
        """Begin the next scene; give the tracks that end with this one."""
        ended, self.tracks = self.tracks, []
        self.scene += 1
        return ended

    def follow(self, frame: Looked) -> list[Track]:
        """Take in a frame; give the tracks that have ended before it."""
        limit = frame.seconds - self._lost_seconds - _YOUNG_SECONDS
        ended = [track for track in self.tracks if track.last_seconds < limit]
        self.tracks = [track for track in self.tracks if track.last_seconds >= limit]
        pairs = self._by_place(frame)
        pairs.update(self._by_likeness(frame, pairs))
        for place, track in sorted(pairs.items()):
            if self._goes_on(track, frame, place):
                track.add(frame.seconds, frame.faces[place])
                self._rejoin(track, frame, place)
            else:
                ended.append(track)
                self.tracks.remove(track)
                self._begin(frame, place)
        for place in range(len(frame.faces)):
            if place not in pairs:
                self._begin(frame, place)
        return ended

    def _by_place(self, frame: Looked) -> dict[int, Track]:
        """Pair the faces that are where tracks are expected; where several come into question, likeness decides."""
        rows = self._recent(frame.seconds)
        boxes = [(track.expected(frame.seconds), track.sighting(-1).box) for track in rows]
        overlaps = np.array(
            [[max(intersection_over_union(face.box, box) for box in pair) for face in frame.faces] for pair in boxes]
        ).reshape(len(rows), len(frame.faces))
        near = overlaps >= _NEAR
        # Contested: the face has two tracks near it, or the track two faces, or somebody else may have come meanwhile.
        away = np.array([frame.seconds - track.last_seconds > MOVING_SECONDS for track in rows], bool)
        contested = near & ((near.sum(axis=0) > 1)[None, :] | ((near.sum(axis=1) > 1) | away)[:, None])
        scores = np.where(overlaps >= _SAME_PLACE, overlaps, _NEVER)
        for row, place in np.argwhere(contested).tolist():
            face = frame.described(place)
            alike = _likeness(rows[row], face)
            fits = alike >= _SOMEBODY_ELSE * self._threshold(rows[row], face)
            scores[row, place] = overlaps[row, place] + 2 * alike if fits else _NEVER
        return {place: rows[row] for row, place in _paired(scores)}

    def _by_likeness(self, frame: Looked, taken: dict[int, Track]) -> dict[int, Track]:
        """Pair what is left with the tracks of this scene that look like it: someone who was hidden, or ran."""
        busy = {track.number for track in taken.values()}
        rows = [track for track in self._recent(frame.seconds) if track.number not in busy]
        places = [place for place in range(len(frame.faces)) if place not in taken]
        scores = np.full((len(rows), len(places)), _NEVER)
        for column, place in enumerate(places if rows else ()):
            face = frame.described(place)
            for row, track in enumerate(rows):
                alike = _likeness(track, face)
                if alike >= self._threshold(track, face):
                    scores[row, column] = alike
        return {places[column]: rows[row] for row, column in _paired(scores)}

    def _recent(self, seconds: float) -> list[Track]:
        limit = seconds - self._lost_seconds
        return [track for track in self.tracks if track.last_seconds >= limit]

    def _rejoin(self, young: Track, frame: Looked, place: int) -> None:
        """Join a track that has just begun to one that was lost shortly before, where they turn out to be alike."""
        if frame.seconds - young.first_seconds > _YOUNG_SECONDS:
            return
        limit = young.first_seconds - self._lost_seconds
        lost = [track for track in self.tracks if limit <= track.last_seconds < young.first_seconds]
        if not lost:
            return
        face = frame.described(place)
        alike, found = max(((_likeness(track, face), track) for track in lost), key=lambda pair: pair[0])
        if alike < self._threshold(found, face):
            return
        found.places.extend(young.places)
        found.total = np.asarray(found.total + young.total, np.float32)
        found.described_seconds = young.described_seconds
        if young.best.quality_score > found.best.quality_score + _BETTER:
            found.best, found.best_seconds, found.shot = young.best, young.best_seconds, young.shot
        self.tracks.remove(young)

    def _threshold(self, track: Track, face: Face) -> float:
        return self._thresholds.strict if track.best.weak or face.weak else self._thresholds.ordinary

    def _goes_on(self, track: Track, frame: Looked, place: int) -> bool:
        """Embed the face where that pays, and say whether it is still the same."""
        if len(track) >= MOST_SIGHTINGS:
            return False
        face = frame.faces[place]
        better = face.quality_score > track.best.quality_score + _BETTER
        if not better and frame.seconds - track.described_seconds < self._describe_seconds:
            return True
        described = frame.described(place)
        if _likeness(track, described) < _SOMEBODY_ELSE * self._threshold(track, described):
            return False
        track.total = np.asarray(track.total + _weighed(described), np.float32)
        track.described_seconds = frame.seconds
        if better:
            track.best, track.best_seconds, track.shot = described, frame.seconds, frame.shot(place)
        return True

    def _begin(self, frame: Looked, place: int) -> None:
        self.begun += 1
        face = frame.described(place)
        track = Track(self.begun, self.scene, face, frame.seconds, frame.shot(place), _weighed(face), frame.seconds)
        track.add(frame.seconds, face)
        self.tracks.append(track)


def _weighed(face: Face) -> NDArray[np.float32]:
    if face.embedding is None:
        raise ValueError("the face must be embedded")
    # A poor face says little, but where there is nothing better it has to do.
    return np.asarray(face.embedding * (0.05 + face.quality_score), np.float32)


def _likeness(track: Track, face: Face) -> float:
    return 0.0 if face.embedding is None else float(np.dot(track.embedding, face.embedding))


def _paired(scores: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pair rows and columns so that the sum of the scores is the greatest, without those that may not be."""
    rows, columns = linear_sum_assignment(scores, maximize=True)
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True) if scores[row, column] > _NEVER]
