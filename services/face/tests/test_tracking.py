"""Faces followed from frame to frame: boxes and embeddings are made up, so that every case is what it says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from sightline.common.models import MatchThresholds
from sightline.face import tracking
from sightline.face.analysis import Face
from sightline.face.quality import Quality
from sightline.face.settings import FilmSettings
from sightline.face.track import Track
from sightline.face.tracking import Follower

THRESHOLDS = MatchThresholds(ordinary=0.4, strict=0.6)
SIDE = 60.0
Place = tuple[str, float, float]


def vector(person: str, other: str = "", share: float = 0.0) -> NDArray[np.float32]:
    """A direction for each person, at right angles to all others; leaning to somebody else's where that is wanted."""
    made = np.zeros(512, np.float32)
    made[ord(person)] = 1 - share
    if other:
        made[ord(other)] = share
    return np.asarray(made / np.linalg.norm(made), np.float32)


class Frame:
    """A frame in which people are named."""

    def __init__(self, seconds: float, places: Sequence[Place], quality: float = 0.9) -> None:
        self.seconds = seconds
        self.people = [person for person, _, _ in places]
        self.faces = [
            Face(
                (x, y, x + SIDE, y + SIDE), 0.8, np.zeros((5, 2), np.float32),
                quality=Quality(quality, 30.0, quality, 0.0, 0.0),
            )
            for _, x, y in places
        ]  # fmt: skip
        self.described_places: list[int] = []

    def described(self, place: int) -> Face:
        self.described_places.append(place)
        face = self.faces[place]
        return Face(
            face.box, face.score, face.landmarks, self.embedding(self.people[place]), weak=False, quality=face.quality
        )

    def embedding(self, person: str) -> NDArray[np.float32]:
        # A name of two letters is someone half hidden by the other.
        return vector(person[0], person[1], 0.6) if len(person) > 1 else vector(person)

    def shot(self, place: int) -> bytes:
        return f"{self.people[place]} at {self.seconds:g}".encode()


def follow(frames: Iterable[Frame], follower: Follower | None = None) -> list[Track]:
    """Follow a film to its end; the tracks in the order of their start."""
    follower = follower or follower_of()
    ended = [track for frame in frames for track in follower.follow(frame)]
    return sorted([*ended, *follower.tracks], key=lambda track: track.number)


def follower_of(spacing_seconds: float = 0.2) -> Follower:
    return Follower(FilmSettings(), THRESHOLDS, spacing_seconds)


def steps(count: int, start: int = 0) -> Iterable[tuple[int, float]]:
    return [(step, round(step * 0.2, 3)) for step in range(start, start + count)]


def people(tracks: Sequence[Track]) -> list[str]:
    """Say for each track who its best shot shows."""
    return [track.shot.decode()[0] for track in tracks]


def test_two_who_stand_and_walk_are_two_tracks() -> None:
    tracks = follow(Frame(seconds, [("a", 100, 100), ("b", 300 + 20 * step, 100)]) for step, seconds in steps(10))
    assert [(track.first_seconds, track.last_seconds, len(track)) for track in tracks] == [(0, 1.8, 10)] * 2
    assert people(tracks) == ["a", "b"]
    assert tracks[1].sighting(-1).box[0] == 480


def test_those_who_cross_keep_their_tracks() -> None:
    frames = [Frame(seconds, [("a", 20 * step, 100), ("b", 400 - 20 * step, 105)]) for step, seconds in steps(21)]
    first, second = follow(frames)
    assert first.sighting(-1).box[0] == 400
    assert second.sighting(-1).box[0] == 0
    assert np.dot(first.embedding, vector("a")) > 0.99


def test_who_is_hidden_for_a_moment_keeps_the_track_even_if_half_of_the_face_comes_first() -> None:
    hidden = {step: [("b", 400.0 - 20 * step, 105.0)] for step in range(8, 13)}
    half = {step: [("ab", 20.0 * step, 100.0), ("b", 400.0 - 20 * step, 105.0)] for step in (13,)}
    frames = [
        Frame(seconds, {**hidden, **half}.get(step, [("a", 20.0 * step, 100.0), ("b", 400.0 - 20 * step, 105.0)]))
        for step, seconds in steps(21)
    ]
    tracks = follow(frames)
    assert len(tracks) == 2
    assert [len(track) for track in tracks] == [16, 21]


def test_who_runs_further_than_the_face_is_wide_is_known_by_likeness() -> None:
    (track,) = follow(Frame(seconds, [("a", [0, 300, 40, 500][step % 4], 100)]) for step, seconds in steps(8))
    assert len(track) == 8


def test_who_leaves_and_comes_back_later_has_two_tracks() -> None:
    frames = [Frame(seconds, [("a", 100, 100)]) for _, seconds in steps(5)]
    frames += [Frame(seconds, []) for _, seconds in steps(10, 5)]
    frames += [Frame(seconds, [("a", 100, 100)]) for _, seconds in steps(5, 15)]
    assert [(track.first_seconds, track.last_seconds) for track in follow(frames)] == [(0, 0.8), (3.0, 3.8)]


def test_somebody_else_in_the_same_place_soon_after_is_another_track() -> None:
    frames = [
        Frame(seconds, [("a" if step < 5 else "b", 100, 100)] if step != 5 else []) for step, seconds in steps(20)
    ]
    # Between them one frame is empty; then the second stands where the first one did.
    frames = frames[:5] + [Frame(seconds, []) for _, seconds in steps(4, 5)] + frames[9:]
    assert people(follow(frames)) == ["a", "b"]


def test_a_change_of_faces_in_one_place_that_no_cut_shows_is_found_within_seconds() -> None:
    tracks = follow(Frame(seconds, [("a" if step < 20 else "b", 100, 100)]) for step, seconds in steps(60))
    assert people(tracks) == ["a", "b"]
    assert tracks[1].first_seconds == pytest.approx(4.0, abs=FilmSettings().describe_seconds)


def test_a_cut_ends_every_track() -> None:
    follower = follower_of()
    follow([Frame(seconds, [("a", 100, 100)]) for _, seconds in steps(5)], follower)
    (ended,) = follower.cut()
    (begun,) = follow([Frame(seconds, [("a", 100, 100)]) for _, seconds in steps(5, 5)], follower)
    assert (ended.scene, begun.scene, begun.number) == (1, 2, 2)


def test_the_best_shot_is_the_sharpest_and_only_few_faces_are_embedded() -> None:
    frames = [
        Frame(seconds, [("a", 100, 100)], quality=0.8 if step == 31 else 0.5 + 0.001 * step)
        for step, seconds in steps(100)
    ]
    (track,) = follow(frames)
    assert track.shot == b"a at 6.2"
    assert track.best_seconds == pytest.approx(6.2)
    assert 10 <= sum(len(frame.described_places) for frame in frames) <= 12


def test_frames_that_are_far_apart_are_followed_by_likeness() -> None:
    frames = [Frame(10.0 * step, [("a", 100 + 7 * step, 100)]) for step in range(5)]
    (track,) = follow(frames, follower_of(spacing_seconds=10.0))
    assert len(track) == 5


def test_a_track_of_hours_is_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "MOST_SIGHTINGS", 50)
    tracks = follow(Frame(seconds, [("a", 100, 100)]) for _, seconds in steps(120))
    assert [len(track) for track in tracks] == [50, 50, 20]
    assert all(one.last_seconds < other.first_seconds for one, other in pairwise(tracks))


def test_frames_without_faces_are_followed_too() -> None:
    assert follow(Frame(seconds, []) for _, seconds in steps(5)) == []
