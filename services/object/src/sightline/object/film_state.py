"""How far the work on a film is, as bytes: what the next attempt goes on from."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from sightline.common.media.looking import CheckpointUnknownError
from sightline.object.counting import Intervals, Tracks
from sightline.object.places import Line, Zone
from sightline.object.tracking import Follower

# Another number for every other layout: what an older version left is not read, and the film begins anew.
_FORMAT = 2


@dataclass(slots=True)
class FilmState:
    """What is known of a film after some of its frames.

    Attributes:
        follower: numbers the objects; it holds the last frame back.
        tracks, intervals, lines, zones: what is counted.
        frame_count: how many frames were looked at.
        seconds: the time of the last of them; below 0 at the start.
    """

    follower: Follower
    tracks: Tracks
    intervals: Intervals
    lines: list[Line] = field(default_factory=list)
    zones: list[Zone] = field(default_factory=list)
    frame_count: int = 0
    seconds: float = -1.0


def dump(state: FilmState, models: Sequence[str]) -> bytes:
    """Write a state.

    Args:
        state: what is known.
        models: what tells the models, such as their sha256; tracks of others are not gone on with.
    """
    told = {
        "made_by": _makers(models),
        "frame_count": state.frame_count,
        "seconds": state.seconds,
        "follower": state.follower.dump(),
        "tracks": state.tracks.dump(),
        "intervals": state.intervals.dump(),
        "lines": [line.dump() for line in state.lines],
        "zones": [zone.dump() for zone in state.zones],
    }
    return zlib.compress(json.dumps(told, separators=(",", ":")).encode(), level=1)


def restore(data: bytes, models: Sequence[str], state: FilmState) -> None:
    """Read a state into a fresh one.

    Raises:
        CheckpointUnknownError: the bytes are damaged, or were written by another version or with other models; nothing
            was changed.
    """
    told = _read(data)
    counted = len(told.get("lines", ())), len(told.get("zones", ()))
    if told.get("made_by") != _makers(models) or counted != (len(state.lines), len(state.zones)):
        raise CheckpointUnknownError("the checkpoint is of another version or of other models")
    state.frame_count, state.seconds = told["frame_count"], told["seconds"]
    state.follower.restore(told["follower"])
    state.tracks.restore(told["tracks"])
    state.intervals.restore(told["intervals"])
    for line, of_line in zip(state.lines, told["lines"], strict=True):
        line.restore(of_line)
    for zone, of_zone in zip(state.zones, told["zones"], strict=True):
        zone.restore(of_zone)


def _read(data: bytes) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(zlib.decompress(data))
    except (ValueError, zlib.error) as error:
        raise CheckpointUnknownError("the checkpoint can't be read") from error
    if not isinstance(told, dict):
        raise CheckpointUnknownError("the checkpoint can't be read")
    return told


def _makers(models: Sequence[str]) -> list[str]:
    # The state of the tracker is that of its library.
    return [str(_FORMAT), version("trackers"), *models]
