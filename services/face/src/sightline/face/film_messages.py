"""Who was seen in a film as messages, in parts that are each small enough to store."""

from __future__ import annotations

import math
from collections.abc import Iterator

from google.protobuf.duration_pb2 import Duration

from sightline.common.models import ModelEntry
from sightline.face.film import FilmOptions, Report
from sightline.face.grouping import Person
from sightline.face.messages import embedding, face_message, model_info, normalized
from sightline.face.tracking import Track
from sightline.v1 import face_pb2
from sightline.v1.geometry_pb2 import ImageSize
from sightline.v1.time_pb2 import TimeRange

# What a field of the message around it costs beyond the bytes of the message itself.
_FRAMING_BYTES = 8


def film_options(message: face_pb2.FaceVideoOptions) -> FilmOptions:
    """Read the options of a job."""
    return FilmOptions(
        every_seconds=_seconds(message.every) if message.HasField("every") else None,
        start_seconds=_seconds(message.start),
        end_seconds=_seconds(message.end) if message.HasField("end") else math.inf,
        min_similarity=message.min_similarity if message.HasField("min_similarity") else None,
    )


def parts(
    report: Report, detector: ModelEntry, embedder: ModelEntry, *, embeddings: bool, most_bytes: int
) -> list[face_pb2.DetectFacesVideoResult]:
    """Say who was seen in a film.

    Args:
        report: what was seen.
        detector: the model that found the faces.
        embedder: the model that told them apart.
        embeddings: whether faces and people carry their embeddings.
        most_bytes: about the largest size of a part; a person or a track is never divided but by its sightings.

    Returns:
        One message in parts, one or more; merged in their order they are the whole.
    """
    width, height = report.size
    describer = embedder if embeddings else None
    first = face_pb2.DetectFacesVideoResult(
        detector=model_info(detector),
        embedder=model_info(embedder),
        image_size=ImageSize(width_px=width, height_px=height),
        duration=_duration(report.info.duration_seconds),
        frame_count=report.frame_count,
        people=[_person(person, report, describer) for person in report.people],
    )
    numbers = {track.number: person.number for person in report.people for track in person.tracks}
    done, used = [first], first.ByteSize()
    for track in report.tracks:
        message = _track(track, numbers[track.number], report, describer)
        needed = message.ByteSize() + _FRAMING_BYTES
        if used + needed > most_bytes and used > 0:
            done.append(face_pb2.DetectFacesVideoResult())
            used = 0
        done[-1].tracks.append(message)
        used += needed
    first.part_count = len(done)
    return done


def _person(person: Person, report: Report, embedder: ModelEntry | None) -> face_pb2.FaceCluster:
    message = face_pb2.FaceCluster(
        id=person.number,
        track_ids=[track.number for track in person.tracks],
        ranges=[_range(*span, report) for span in person.ranges(report.spacing_seconds)],
        best_track_id=person.best.number,
    )
    if embedder is not None:
        message.embedding.CopyFrom(embedding(person.embedding, embedder))
    return message


def _track(track: Track, person: int, report: Report, embedder: ModelEntry | None) -> face_pb2.FaceTrack:
    return face_pb2.FaceTrack(
        id=track.number,
        person_id=person,
        scene=track.scene,
        range=_range(track.first_seconds, track.last_seconds + report.spacing_seconds, report),
        best=face_message(track.best, report.size, embedder),
        best_time=_duration(track.best_seconds),
        best_shot=track.shot,
        sightings=_sightings(track, report),
    )


def _sightings(track: Track, report: Report) -> Iterator[face_pb2.FaceSighting]:
    for place in range(len(track)):
        one = track.sighting(place)
        yield face_pb2.FaceSighting(time=_duration(one.seconds), box=normalized(one.box, report.size), score=one.score)


def _range(start_seconds: float, end_seconds: float, report: Report) -> TimeRange:
    # The last sighting stands for the time until the next frame that was looked at, but not for more than there is.
    length = report.info.duration_seconds
    if start_seconds < length < end_seconds:
        end_seconds = length
    return TimeRange(start=_duration(start_seconds), end=_duration(end_seconds))


def _seconds(duration: Duration) -> float:
    return duration.seconds + duration.nanos / 1e9


def _duration(seconds: float) -> Duration:
    # Whole microseconds: what is less is noise of the arithmetic.
    whole, micros = divmod(round(seconds * 1e6), 1_000_000)
    return Duration(seconds=whole, nanos=micros * 1000)
