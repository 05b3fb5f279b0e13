"""What was seen in a film as messages, in parts that are each small enough to store."""

from __future__ import annotations

import math
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from google.protobuf.message import DecodeError, Message

from sightline.common.media.looking import CheckpointUnknownError
from sightline.common.media.saying import Size, duration, filled, image_size, model_info, normalized, seconds
from sightline.object.counting import Interval, Track
from sightline.object.film import FilmOptions, Report
from sightline.object.identity import ModelIdentity
from sightline.object.messages import detected
from sightline.object.places import Line, Zone
from sightline.object.tracking import SeenFrame
from sightline.v1 import object_pb2
from sightline.v1.geometry_pb2 import NormalizedPoint

_LENGTH = struct.Struct(">I")
# A checkpoint holds all frames that were told so far, and lies in a row: a larger one would cost more than it saves.
_MOST_TOLD_BYTES = 16_000_000


def film_options(message: object_pb2.ObjectVideoOptions) -> FilmOptions:
    """Read the options of a job."""
    return FilmOptions(
        every_seconds=seconds(message.every) if message.HasField("every") else None,
        start_seconds=seconds(message.start),
        end_seconds=seconds(message.end) if message.HasField("end") else math.inf,
        interval_seconds=seconds(message.count_interval) if message.HasField("count_interval") else None,
        lines=tuple((line.name, _point(line.start), _point(line.end)) for line in message.lines),
        zones=tuple((zone.name, tuple(_point(corner) for corner in zone.corners)) for zone in message.zones),
    )


class ToldFrames:
    """What was seen in each frame, where the result is to say so."""

    def __init__(self, size: Size, *, wanted: bool, most_bytes: int = _MOST_TOLD_BYTES) -> None:
        """Begin a film.

        Args:
            size: width and height of its pictures in pixels.
            wanted: whether anything is kept at all.
            most_bytes: how much may be told for a checkpoint still to hold it.
        """
        self._size = size
        self._wanted = wanted
        self._most_bytes = most_bytes
        self._told_bytes = 0
        self._told = object_pb2.DetectObjectsVideoResult()

    def take(self, frame: SeenFrame) -> None:
        """Take in a frame."""
        if self._wanted:
            message = frame_message(frame, self._size)
            self._told.frames.append(message)
            self._told_bytes += message.ByteSize()

    def all(self) -> Sequence[object_pb2.ObjectFrame]:
        """List them in order."""
        return self._told.frames

    @property
    def fit(self) -> bool:
        """Whether a checkpoint can still hold what was told; the next attempt goes on from the last that could."""
        return self._told_bytes <= self._most_bytes

    def pack(self, state: bytes) -> bytes:
        """Put all that was told so far behind a checkpoint."""
        return _LENGTH.pack(len(state)) + state + zlib.compress(self._told.SerializeToString(), level=1)

    def unpack(self, checkpoint: bytes) -> bytes:
        """Take back what `pack` gave; returns the checkpoint.

        Raises:
            CheckpointUnknownError: the bytes are damaged.
        """
        try:
            (length,) = _LENGTH.unpack_from(checkpoint)
            self._told.ParseFromString(zlib.decompress(checkpoint[_LENGTH.size + length :]))
        except (struct.error, zlib.error, DecodeError) as error:
            raise CheckpointUnknownError("the checkpoint can't be read") from error
        self._told_bytes = self._told.ByteSize()
        return checkpoint[_LENGTH.size : _LENGTH.size + length]

    def clear(self) -> None:
        """Forget all."""
        self._told.Clear()
        self._told_bytes = 0


def frame_message(frame: SeenFrame, size: Size) -> object_pb2.ObjectFrame:
    """Say what was seen in one frame."""
    return object_pb2.ObjectFrame(
        time=duration(frame.seconds),
        objects=[object_pb2.TrackedObject(track=one.track, object=detected(one.object, size)) for one in frame.seen],
    )


def parts(
    report: Report, model: ModelIdentity, frames: Iterable[object_pb2.ObjectFrame], most_bytes: int
) -> list[object_pb2.DetectObjectsVideoResult]:
    """Say what was seen in a film.

    Args:
        report: all but the frames.
        model: the model that found the objects.
        frames: what was seen in each frame, where that was asked for.
        most_bytes: about the largest size of a part.

    Returns:
        One message in parts, one or more; merged in their order they are the whole.
    """
    size = (report.info.width_px, report.info.height_px)
    first = object_pb2.DetectObjectsVideoResult(
        model=model_info(model),
        image_size=image_size(size),
        duration=duration(report.info.duration_seconds),
        frame_count=report.frame_count,
        totals=_counts(Counter(track.class_name for track in report.tracks)),
    )
    done = filled(first, _repeated(report, size, frames), most_bytes)
    first.part_count = len(done)
    return done


def _repeated(report: Report, size: Size, frames: Iterable[object_pb2.ObjectFrame]) -> Iterator[tuple[str, Message]]:
    yield from (("lines", _line(line)) for line in report.lines)
    yield from (("zones", _zone(zone)) for zone in report.zones)
    yield from (("tracks", _track(track, size)) for track in report.tracks)
    yield from (("intervals", _interval(interval)) for interval in report.intervals)
    yield from (("frames", frame) for frame in frames)


def _track(track: Track, size: Size) -> object_pb2.ObjectTrack:
    return object_pb2.ObjectTrack(
        track=track.number,
        class_name=track.class_name,
        start=duration(track.start_seconds),
        end=duration(track.end_seconds),
        frame_count=track.classes.total(),
        score=track.best.object.score,
        best=duration(track.best_seconds),
        best_box=normalized(track.best.object.box, size),
        classes=_counts(track.classes),
    )


def _interval(interval: Interval) -> object_pb2.IntervalCount:
    return object_pb2.IntervalCount(
        start=duration(interval.start_seconds),
        seen=_counts(interval.seen),
        most_at_once=_counts(interval.most_at_once),
    )


def _line(line: Line) -> object_pb2.LineCount:
    rightward = sum(crossing.rightward for crossing in line.crossings)
    return object_pb2.LineCount(
        name=line.name,
        rightward_count=rightward,
        leftward_count=len(line.crossings) - rightward,
        crossings=[
            object_pb2.LineCrossing(track=one.track, time=duration(one.seconds), rightward=one.rightward)
            for one in line.crossings
        ],
    )


def _zone(zone: Zone) -> object_pb2.ZoneCount:
    visits = [
        object_pb2.ZoneVisit(
            track=visit.track,
            start=duration(visit.start_seconds),
            end=duration(visit.end_seconds),
            inside=duration(visit.inside_seconds),
        )
        for visit in zone.visits()
    ]
    return object_pb2.ZoneCount(
        name=zone.name, visitor_count=len(visits), most_at_once=zone.most_at_once, visits=visits
    )


def _counts(counter: Counter[str]) -> list[object_pb2.ClassCount]:
    return [object_pb2.ClassCount(class_name=name, count=count) for name, count in counter.most_common()]


def _point(point: NormalizedPoint) -> tuple[float, float]:
    return point.x, point.y
