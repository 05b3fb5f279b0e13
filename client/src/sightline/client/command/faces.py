"""`sightline faces`: find the faces in photos, and the people in videos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sightline.client.command.complaints import Complaints, note
from sightline.client.command.drawn import check_apart, check_drawing, target
from sightline.client.command.exits import Exit
from sightline.client.command.face_films import FilmSearch, people_of, show_people, write_shots
from sightline.client.command.output import AsJson, print_json, print_table
from sightline.client.command.progress import bar
from sightline.client.command.results import result_of
from sightline.client.command.session import Session, session
from sightline.client.command.sharing import Force, tell_if_shared
from sightline.client.command.videos import check_options, is_video
from sightline.client.command.wording import counted

if TYPE_CHECKING:
    from sightline.client import Sightline
    from sightline.v1.face_pb2 import DetectFacesResult


@dataclass(frozen=True, slots=True)
class _Search:
    """What is searched for, and by which way."""

    min_score: float | None
    max_faces: int
    embeddings: bool
    job: bool
    force: bool


def faces(
    context: typer.Context,
    photos: Annotated[
        list[str], typer.Argument(metavar="PHOTO...", help="Pictures or videos, or names of uploaded pictures.")
    ],
    *,
    draw: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Draw the faces into this file, or folder for many photos.")
    ] = None,
    min_score: Annotated[float | None, typer.Option(min=0, max=1, help="Least score of a face.")] = None,
    max_faces: Annotated[int, typer.Option(min=0, max=1000, help="Most faces, the largest first; 0 means all.")] = 0,
    embeddings: Annotated[bool, typer.Option("--embeddings", help="Give the embedding of each face.")] = False,
    job: Annotated[bool, typer.Option("--job/--sync", help="As durable jobs, or answered at once.")] = False,
    force: Force = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write the best shots of the people of videos into it.")
    ] = None,
    every: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Time between frames of a video; 0 means each.")
    ] = None,
    start: Annotated[float | None, typer.Option(min=0, metavar="SECONDS", help="Where to begin in a video.")] = None,
    end: Annotated[float | None, typer.Option(min=0, metavar="SECONDS", help="Where to end in a video.")] = None,
    min_similarity: Annotated[
        float | None, typer.Option(min=-1, max=1, help="Least likeness of two faces of one person of a video.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the faces in photos, and the people in videos (which are always jobs).

    \b
    Examples:
      sightline faces photo.jpg
      sightline faces photo.jpg --draw faces.jpg
      sightline faces album/*.jpg --draw out/ --job
      sightline faces film.mp4 --out people/
      sightline faces photo.jpg --json --embeddings | jq '.faces[0].embedding.values'

    Exits with 1 if nothing has a face.
    """
    check_drawing(draw, [photo for photo in photos if not is_video(photo)])
    of_videos = {"--out": out, "--every": every, "--start": start, "--end": end, "--min-similarity": min_similarity}
    check_options(photos, of_videos=of_videos, of_pictures={"--draw": draw})
    if out:
        check_apart([photo for photo in photos if is_video(photo)], {photo: Path(photo).stem for photo in photos})
    search = _Search(min_score, max_faces, embeddings, job, force)
    films = FilmSearch(every, start, end, min_similarity)
    complaints, found = Complaints(), False
    with session(context).connect() as sightline:
        for photo in photos:
            with complaints.about(photo):
                if is_video(photo):
                    seen, name = people_of(sightline, session(context), photo, _in_jobs(search), films)
                    found = found or bool(seen.people)
                    show_people(photo, seen, name, as_json)
                    if out:
                        write_shots(seen, out if len(photos) == 1 else out / Path(photo).stem)
                    continue
                result, name = _find(sightline, session(context), photo, search)
                found = found or bool(result.faces)
                _show(photo, result, name, as_json)
                if draw:
                    _draw(photo, result, target(draw, photo, len(photos)))
    complaints.end(otherwise=Exit.OK if found else Exit.ANSWER_IS_NO)


def _in_jobs(search: _Search) -> dict[str, Any]:
    return {
        "min_score": search.min_score,
        "max_faces": search.max_faces,
        "embeddings": search.embeddings,
        "force": search.force,
    }


def _find(sightline: Sightline, options: Session, photo: str, search: _Search) -> tuple[DetectFacesResult, str]:
    """Give the faces of a photo, and the job that found them, if one did."""
    if search.job:
        return _find_by_job(sightline, options, photo, search)
    with bar(photo):
        result = sightline.faces.detect(
            photo,
            min_score=search.min_score,
            max_faces=search.max_faces,
            embeddings=search.embeddings,
            timeout=options.timeout,
        )
    return result, ""


def _find_by_job(sightline: Sightline, options: Session, photo: str, search: _Search) -> tuple[DetectFacesResult, str]:
    job = sightline.jobs.detect_faces(photo, timeout=options.timeout, **_in_jobs(search))
    tell_if_shared(photo, job)
    return result_of(sightline, options, job, photo), job.name


def _show(photo: str, result: DetectFacesResult, job: str, as_json: bool) -> None:
    if as_json:
        print_json(result, photo=photo, **({"job": job} if job else {}))
        return
    width, height = result.image_size.width_px, result.image_size.height_px
    count = counted(len(result.faces), "face")
    typer.echo(f"{photo}: {count} in {width} x {height} pixels{f', {job}' if job else ''}")
    rows = [
        [
            str(number),
            f"{face.score:.2f}",
            f"{face.box.left * width:.0f}",
            f"{face.box.top * height:.0f}",
            f"{(face.box.right - face.box.left) * width:.0f}",
            f"{(face.box.bottom - face.box.top) * height:.0f}",
        ]
        for number, face in enumerate(result.faces, start=1)
    ]
    if rows:
        print_table([" #", " score", " left", " top", " width", " height"], rows)


def _draw(photo: str, result: DetectFacesResult, place: Path) -> None:
    from sightline.client.drawing import draw_faces  # noqa: PLC0415 - Pillow is an extra

    draw_faces(photo, result.faces, place)
    note(f"{photo}: drawn into {place}")
