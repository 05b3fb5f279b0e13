"""The people of a video: found by a job, shown as a table, their best shots written to files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sightline.client.command.complaints import note
from sightline.client.command.output import print_json, print_table
from sightline.client.command.results import result_of
from sightline.client.command.session import Session
from sightline.client.command.sharing import tell_if_shared
from sightline.client.command.wording import counted, seconds

if TYPE_CHECKING:
    from sightline.client import Sightline
    from sightline.v1.face_pb2 import DetectFacesVideoResult, FaceCluster, FaceTrack
    from sightline.v1.time_pb2 import TimeRange


@dataclass(frozen=True, slots=True)
class FilmSearch:
    """Which frames of a video are looked at, and who is taken for one person; None leaves it to the service."""

    every: float | None
    start: float | None
    end: float | None
    min_similarity: float | None


def people_of(
    sightline: Sightline, settings: Session, film: str, options: dict[str, Any], search: FilmSearch
) -> tuple[DetectFacesVideoResult, str]:
    """Give the people of a video, and the job that found them."""
    from sightline.v1.face_pb2 import FaceVideoOptions  # noqa: PLC0415 - takes longer to load than --help may

    video = FaceVideoOptions(min_similarity=search.min_similarity)
    for name in ("every", "start", "end"):
        if (length := getattr(search, name)) is not None:
            getattr(video, name).FromMicroseconds(round(length * 1e6))
    made = sightline.jobs.detect_faces(film, video=video, timeout=settings.timeout, **options)
    tell_if_shared(film, made)
    return result_of(sightline, settings, made, film), made.name


def show_people(film: str, result: DetectFacesVideoResult, job: str, as_json: bool) -> None:
    """Print who is seen when."""
    if as_json:
        print_json(result, video=film, job=job)
        return
    count = counted(len(result.people), "person", "people")
    typer.echo(f"{film}: {count} in {result.frame_count} frames of {seconds(result.duration):.1f} s, {job}")
    tracks = {track.id: track for track in result.tracks}
    rows = [_row(person, tracks[person.best_track_id]) for person in result.people]
    if rows:
        print_table([" #", " seen s", " tracks", " quality", "seen from - to"], rows)


def write_shots(result: DetectFacesVideoResult, folder: Path) -> None:
    """Write the best shot of each person, and of each track: `person-1.jpg`, `person-1-track-4.jpg`."""
    folder.mkdir(parents=True, exist_ok=True)
    best = {person.best_track_id for person in result.people}
    shots = [track for track in result.tracks if track.best_shot]
    for track in shots:
        (folder / f"person-{track.person_id}-track-{track.id}.jpg").write_bytes(track.best_shot)
        if track.id in best:
            (folder / f"person-{track.person_id}.jpg").write_bytes(track.best_shot)
    note(f"{len(shots)} best shots written into {folder}")


def _row(person: FaceCluster, best: FaceTrack) -> list[str]:
    seen = sum(seconds(span.end) - seconds(span.start) for span in person.ranges)
    ranges = ", ".join(_range(span) for span in person.ranges)
    return [str(person.id), f"{seen:.1f}", str(len(person.track_ids)), f"{best.best.quality.score:.2f}", ranges]


def _range(span: TimeRange) -> str:
    return f"{seconds(span.start):.1f} - {seconds(span.end):.1f}"
