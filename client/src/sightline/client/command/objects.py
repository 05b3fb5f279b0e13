"""`sightline objects`: find the objects in photos, and follow those of videos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sightline.client.command.complaints import Complaints, note
from sightline.client.command.drawn import check_drawing, target
from sightline.client.command.exits import Exit
from sightline.client.command.output import AsJson, print_json, print_table
from sightline.client.command.progress import bar
from sightline.client.command.results import result_of
from sightline.client.command.session import Session, session
from sightline.client.command.sharing import Force, tell_if_shared
from sightline.client.command.videos import check_options, is_video
from sightline.client.command.wording import counted, seconds

if TYPE_CHECKING:
    from sightline.client import Sightline
    from sightline.v1.object_pb2 import DetectObjectsResult, DetectObjectsVideoResult


def objects(
    context: typer.Context,
    photos: Annotated[
        list[str], typer.Argument(metavar="PHOTO...", help="Pictures or videos, or names of uploaded pictures.")
    ],
    *,
    draw: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Draw the objects into this file, or folder for many photos.")
    ] = None,
    model: Annotated[str, typer.Option(metavar="NAME", help="The model; the server's default if not given.")] = "",
    min_score: Annotated[float | None, typer.Option(min=0, max=1, help="Least score of an object.")] = None,
    max_overlap: Annotated[
        float | None, typer.Option(min=0, max=1, help="Greatest overlap of two objects of one class.")
    ] = None,
    class_: Annotated[
        list[str] | None, typer.Option("--class", metavar="NAME", help="Only objects of this class; may be repeated.")
    ] = None,
    max_objects: Annotated[int, typer.Option(min=0, max=1000, help="Most objects, the surest first.")] = 0,
    every: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Time between frames of a video; 0 means each.")
    ] = None,
    job: Annotated[bool, typer.Option("--job/--sync", help="As durable jobs, or answered at once.")] = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Find the objects in photos, and follow those of videos (which are always jobs).

    \b
    Examples:
      sightline objects street.jpg
      sightline objects street.jpg --draw objects.jpg --class person --min-score 0.5
      sightline objects street.mp4 --every 0.1
      sightline objects album/*.jpg --job --json | jq '.objects | length'

    Exits with 1 if nothing was found.
    """
    check_drawing(draw, [photo for photo in photos if not is_video(photo)])
    check_options(photos, of_videos={"--every": every}, of_pictures={"--draw": draw})
    options: dict[str, Any] = {
        "model": model,
        "min_score": min_score,
        "max_overlap": max_overlap,
        "classes": class_ or (),
        "max_objects": max_objects,
    }
    complaints, found = Complaints(), False
    with session(context).connect() as sightline:
        for photo in photos:
            with complaints.about(photo):
                if is_video(photo):
                    seen, name = _follow(sightline, session(context), photo, options | {"force": force}, every)
                    _show_tracks(photo, seen, name, as_json)
                    found = found or bool(seen.tracks)
                    continue
                result, name = _find(sightline, session(context), photo, options, job, force=force)
                found = found or bool(result.objects)
                _show(photo, result, name, as_json)
                if draw:
                    _draw(photo, result, target(draw, photo, len(photos)))
    complaints.end(otherwise=Exit.OK if found else Exit.ANSWER_IS_NO)


def _find(
    sightline: Sightline, settings: Session, photo: str, options: dict[str, Any], job: bool, *, force: bool
) -> tuple[DetectObjectsResult, str]:
    """Give the objects of a photo, and the job that found them, if one did."""
    if job:
        made = sightline.jobs.detect_objects(photo, force=force, timeout=settings.timeout, **options)
        tell_if_shared(photo, made)
        return result_of(sightline, settings, made, photo), made.name
    with bar(photo):
        return sightline.objects.detect(photo, timeout=settings.timeout, **options), ""


def _follow(
    sightline: Sightline, settings: Session, film: str, options: dict[str, Any], every: float | None
) -> tuple[DetectObjectsVideoResult, str]:
    from sightline.v1.object_pb2 import ObjectVideoOptions  # noqa: PLC0415 - takes longer to load than --help may

    video = ObjectVideoOptions()
    if every is not None:
        video.every.FromMicroseconds(round(every * 1e6))
    made = sightline.jobs.detect_objects(film, video=video, timeout=settings.timeout, **options)
    tell_if_shared(film, made)
    return result_of(sightline, settings, made, film), made.name


def _show(photo: str, result: DetectObjectsResult, job: str, as_json: bool) -> None:
    if as_json:
        print_json(result, photo=photo, **({"job": job} if job else {}))
        return
    width, height = result.image_size.width_px, result.image_size.height_px
    count = counted(len(result.objects), "object")
    typer.echo(f"{photo}: {count} in {width} x {height} pixels{f', {job}' if job else ''}")
    rows = [
        [
            str(number),
            one.class_name,
            f"{one.score:.2f}",
            f"{one.box.left * width:.0f}",
            f"{one.box.top * height:.0f}",
            f"{(one.box.right - one.box.left) * width:.0f}",
            f"{(one.box.bottom - one.box.top) * height:.0f}",
        ]
        for number, one in enumerate(result.objects, start=1)
    ]
    if rows:
        print_table([" #", "class", " score", " left", " top", " width", " height"], rows)


def _show_tracks(film: str, result: DetectObjectsVideoResult, job: str, as_json: bool) -> None:
    if as_json:
        print_json(result, video=film, job=job)
        return
    totals = ", ".join(f"{total.count} {total.class_name}" for total in result.totals) or "nothing"
    typer.echo(f"{film}: {totals} in {result.frame_count} frames of {seconds(result.duration):.1f} s, {job}")
    rows = [
        [
            str(track.track),
            track.class_name,
            f"{track.score:.2f}",
            f"{seconds(track.start):.1f}",
            f"{seconds(track.end):.1f}",
            str(track.frame_count),
        ]
        for track in result.tracks
    ]
    if rows:
        print_table([" #", "class", " score", " from s", " to s", " frames"], rows)


def _draw(photo: str, result: DetectObjectsResult, place: Path) -> None:
    from sightline.client.object_drawing import draw_objects  # noqa: PLC0415 - Pillow is an extra

    draw_objects(photo, result.objects, place)
    note(f"{photo}: drawn into {place}")
