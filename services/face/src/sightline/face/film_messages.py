"""Who was seen in a film as messages, in parts that are each small enough to store."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sightline.common.media.saying import duration, filled, image_size, model_info, normalized, seconds, time_range
from sightline.common.models import ModelEntry
from sightline.face.film import FilmOptions, Report
from sightline.face.grouping import Person
from sightline.face.messages import embedding, face_message
from sightline.face.track import Track
from sightline.v1 import face_pb2
from sightline.v1.time_pb2 import TimeRange


def film_options(message: face_pb2.FaceVideoOptions) -> FilmOptions:
    """Read the options of a job."""
    return FilmOptions(
        every_seconds=seconds(message.every) if message.HasField("every") else None,
        start_seconds=seconds(message.start),
        end_seconds=seconds(message.end) if message.HasField("end") else math.inf,
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
    describer = embedder if embeddings else None
    first = face_pb2.DetectFacesVideoResult(
        detector=model_info(detector),
        embedder=model_info(embedder),
        image_size=image_size(report.size),
        duration=duration(report.info.duration_seconds),
        frame_count=report.frame_count,
        people=[_person(person, report, describer) for person in report.people],
    )
    numbers = {track.number: person.number for person in report.people for track in person.tracks}
    tracks = (_track(track, numbers[track.number], report, describer) for track in report.tracks)
    done = filled(first, (("tracks", track) for track in tracks), most_bytes)
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
        best_time=duration(track.best_seconds),
        best_shot=track.shot,
        sightings=_sightings(track, report),
    )


def _sightings(track: Track, report: Report) -> Iterator[face_pb2.FaceSighting]:
    for place in range(len(track)):
        one = track.sighting(place)
        yield face_pb2.FaceSighting(time=duration(one.seconds), box=normalized(one.box, report.size), score=one.score)


def _range(start_seconds: float, end_seconds: float, report: Report) -> TimeRange:
    # The last sighting stands for the time until the next frame that was looked at, but not for more than there is.
    length = report.info.duration_seconds
    if start_seconds < length < end_seconds:
        end_seconds = length
    return time_range(start_seconds, end_seconds)
