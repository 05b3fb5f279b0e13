"""One face of a film over time: where it was seen, and when it was at its best."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sightline.common.media.geometry import Box
from sightline.face.analysis import Face

MOVING_SECONDS = 0.5
"""A face goes on moving as it did, for as long as it was seen so recently."""
SIGHTING_FIELDS = 6
"""Numbers of a sighting: its time, the four edges of its box, and its score."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a face was in one frame: the box in pixels, and how sure the detector was."""

    seconds: float
    box: Box
    score: float


@dataclass(slots=True, eq=False)
class Track:
    """One face from its coming into a scene to its going.

    Attributes:
        number: from 1, in the order of their start.
        scene: from 1.
        best: the face at its best, with its embedding.
        best_seconds: when that was.
        shot: the face at its best, a JPEG; empty where there was no room for it.
        total: the sum of the embeddings, each weighed by the quality of its face.
        described_seconds: when it was last embedded.
        places: the sightings as numbers, `SIGHTING_FIELDS` each: time, box, score.
    """

    number: int
    scene: int
    best: Face
    best_seconds: float
    shot: bytes
    total: NDArray[np.float32]
    described_seconds: float
    places: array[float] = field(default_factory=lambda: array("d"))

    def __len__(self) -> int:
        return len(self.places) // SIGHTING_FIELDS

    def sighting(self, place: int) -> Sighting:
        """Give one of the sightings, counted from 0; from the end below 0."""
        start = (place % len(self)) * SIGHTING_FIELDS
        seconds, left, top, right, bottom, score = self.places[start : start + SIGHTING_FIELDS]
        return Sighting(seconds, (left, top, right, bottom), score)

    def add(self, seconds: float, face: Face) -> None:
        """Take in a sighting."""
        self.places.extend((seconds, *face.box, face.score))

    @property
    def first_seconds(self) -> float:
        """When it was first seen."""
        return self.places[0]

    @property
    def last_seconds(self) -> float:
        """When it was last seen."""
        return self.places[-SIGHTING_FIELDS]

    @property
    def embedding(self) -> NDArray[np.float32]:
        """The mean of the embeddings, of unit length."""
        length = float(np.linalg.norm(self.total))
        return self.total if length == 0 else np.asarray(self.total / length, np.float32)

    def expected(self, seconds: float) -> Box:
        """Say where the face would be now if it went on as it did."""
        last = self.sighting(-1)
        if len(self) < 2 or seconds - last.seconds > MOVING_SECONDS:
            return last.box
        before = self.sighting(-2)
        if last.seconds - before.seconds > MOVING_SECONDS or last.seconds <= before.seconds:
            return last.box
        share = (seconds - last.seconds) / (last.seconds - before.seconds)
        across = ((last.box[0] + last.box[2]) - (before.box[0] + before.box[2])) / 2 * share
        down = ((last.box[1] + last.box[3]) - (before.box[1] + before.box[3])) / 2 * share
        return last.box[0] + across, last.box[1] + down, last.box[2] + across, last.box[3] + down
