"""How far the work on a film is, as bytes: what the next attempt goes on from."""

from __future__ import annotations

import io
import zipfile
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.common.media.looking import CheckpointUnknownError
from sightline.common.models import ModelEntry
from sightline.face.analysis import Face
from sightline.face.attributes import Attributes
from sightline.face.quality import Quality
from sightline.face.track import SIGHTING_FIELDS, Track
from sightline.face.tracking import Follower

# Another number for every other layout: what an older version left is not read, and the film begins anew.
_FORMAT = 1
_UNKNOWN = "the checkpoint is of another version or of other models"


@dataclass(slots=True)
class FilmState:
    """What is known of a film after some of its frames.

    Attributes:
        follower: with the tracks that go on.
        ended: the tracks that have ended, in the order of their end.
        frame_count: how many frames were looked at.
        seconds: the time of the last of them; below 0 at the start.
        small: that frame, made small, to see a cut by.
        size: its width and height in pixels.
        shots_bytes: the size of the best shots of the tracks that have ended.
    """

    follower: Follower
    ended: list[Track] = field(default_factory=list)
    frame_count: int = 0
    seconds: float = -1.0
    small: NDArray[np.uint8] | None = None
    size: tuple[int, int] = (0, 0)
    shots_bytes: int = 0

    def end(self, tracks: Sequence[Track], most_bytes: int) -> None:
        """Take in tracks that have ended; the shots of the worst faces are dropped where all take too much room."""
        self.ended += tracks
        self.shots_bytes += sum(len(track.shot) for track in tracks)
        if self.shots_bytes <= most_bytes:
            return
        for track in sorted(self.ended, key=lambda track: track.best.quality_score):
            # Well below what is allowed, so that it does not have to be done for every frame.
            if self.shots_bytes <= most_bytes * 0.9:
                return
            self.shots_bytes -= len(track.shot)
            track.shot = b""


def dump(state: FilmState, models: Sequence[str]) -> bytes:
    """Write a state.

    Args:
        state: what is known.
        models: what tells the models, such as their sha256; embeddings of others can't be compared with these.
    """
    follower = state.follower
    columns: dict[str, Any] = {
        "format": np.array([_FORMAT]),
        "models": np.array(models, np.str_),
        "place": np.array([state.frame_count, state.seconds, follower.scene, follower.begun, *state.size], np.float64),
        "small": np.zeros((0, 0, 3), np.uint8) if state.small is None else state.small,
        "active": np.array([len(follower.tracks)]),
        **_columns([*follower.tracks, *state.ended]),
    }
    buffer = io.BytesIO()
    np.savez(buffer, **columns)
    return buffer.getvalue()


def restore(data: bytes, models: Sequence[str], state: FilmState, teller: ModelEntry | None = None) -> None:
    """Read a state into a fresh one.

    Args:
        data: what `dump` wrote.
        models: what tells the models, as there.
        state: a fresh one.
        teller: the model that told age and sex; None where none did.

    Raises:
        CheckpointUnknownError: the bytes are damaged, or were written by another version or with other models; nothing
            was changed.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as columns:
            found = {name: columns[name] for name in columns.files}
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise CheckpointUnknownError(_UNKNOWN) from error
    if found.get("format", np.zeros(1)).tolist() != [_FORMAT] or found["models"].tolist() != list(models):
        raise CheckpointUnknownError(_UNKNOWN)
    frame_count, seconds, scene, begun, width, height = found["place"].tolist()
    tracks, active = _tracks(found, teller), int(found["active"][0])
    follower = state.follower
    follower.scene, follower.begun, follower.tracks = int(scene), int(begun), tracks[:active]
    state.ended = tracks[active:]
    state.shots_bytes = sum(len(track.shot) for track in state.ended)
    state.frame_count, state.seconds, state.size = int(frame_count), seconds, (int(width), int(height))
    state.small = found["small"] if found["small"].size else None


def _columns(tracks: Sequence[Track]) -> dict[str, Any]:
    """Lay tracks out by what they have in common: as few arrays for thousands of tracks as for one."""
    return {
        "heads": np.array([_head(track) for track in tracks], np.float64),
        "totals": np.array([track.total for track in tracks], np.float32),
        "embeddings": np.array([track.best.embedding for track in tracks], np.float32),
        "lengths": np.array([len(track) for track in tracks], np.int64),
        "places": np.frombuffer(b"".join(track.places.tobytes() for track in tracks), np.float64),
        "shot_lengths": np.array([len(track.shot) for track in tracks], np.int64),
        "shots": np.frombuffer(b"".join(track.shot for track in tracks), np.uint8),
    }


def _head(track: Track) -> list[float]:
    best, quality = track.best, track.best.quality or Quality(0.0, 0.0, 0.0, 0.0, 0.0)
    return [
        track.number, track.scene, track.best_seconds, track.described_seconds,
        *best.box, best.score, float(best.weak), *best.landmarks.ravel().tolist(),
        quality.score, quality.eye_distance_px, quality.sharpness, quality.yaw_degrees, quality.roll_degrees,
        *((best.attributes.age_years, float(best.attributes.female)) if best.attributes else (0.0, 0.0)),
    ]  # fmt: skip


def _tracks(found: dict[str, Any], teller: ModelEntry | None) -> list[Track]:
    ends = np.cumsum(found["lengths"]) * SIGHTING_FIELDS
    shot_ends = np.cumsum(found["shot_lengths"])
    places, shots = found["places"], found["shots"].tobytes()
    tracks = []
    for row, head in enumerate(found["heads"].tolist()):
        end, shot_end = int(ends[row]), int(shot_ends[row])
        start = end - int(found["lengths"][row]) * SIGHTING_FIELDS
        tracks.append(
            Track(
                int(head[0]), int(head[1]), _best(head, found["embeddings"][row], teller), head[2],
                shots[shot_end - int(found["shot_lengths"][row]) : shot_end], found["totals"][row], head[3],
                array("d", places[start:end].tolist()),
            )
        )  # fmt: skip
    return tracks


def _best(head: Sequence[float], embedding: NDArray[np.float32], teller: ModelEntry | None) -> Face:
    left, top, right, bottom, score, weak = head[4:10]
    return Face(
        (left, top, right, bottom), score, np.array(head[10:20], np.float32).reshape(5, 2), embedding, bool(weak),
        Quality(*head[20:25]), None if teller is None else Attributes(head[25], bool(head[26]), teller),
    )  # fmt: skip
