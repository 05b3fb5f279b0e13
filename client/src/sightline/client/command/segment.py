"""`sightline segment`: outlines and sizes of the objects in photos."""

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
from sightline.client.command.wording import counted

if TYPE_CHECKING:
    from sightline.client import Sightline
    from sightline.v1.object_pb2 import Segment, SegmentResult


def segment(
    context: typer.Context,
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Pictures, or names of uploaded media.")],
    *,
    draw: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Draw the outlines into this file, or folder for many photos.")
    ] = None,
    model: Annotated[
        str,
        typer.Option(metavar="NAME", help="The engine, such as cells-classical; the server's default if not given."),
    ] = "",
    scale: Annotated[
        float | None, typer.Option("--um-per-px", min=0, help="Side of a pixel in micrometres, for sizes in them.")
    ] = None,
    min_score: Annotated[float | None, typer.Option(min=0, max=1, help="Least score, for engines with scores.")] = None,
    min_diameter: Annotated[float | None, typer.Option(min=0, metavar="PX", help="Least diameter in pixels.")] = None,
    max_diameter: Annotated[float | None, typer.Option(min=0, metavar="PX", help="Greatest diameter.")] = None,
    job: Annotated[bool, typer.Option("--job/--sync", help="As durable jobs, or answered at once.")] = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Find the outlines and sizes of the objects in photos.

    \b
    Examples:
      sightline segment spheroids.tif --um-per-px 1.3
      sightline segment cells.png --model cells-classical --draw outlines.png
      sightline segment plate/*.tif --job --json | jq '.segments[].equivalentDiameterUm'

    Exits with 1 if nothing was found.
    """
    check_drawing(draw, photos)
    options: dict[str, Any] = {
        "model": model,
        "micrometres_per_px": scale,
        "min_score": min_score,
        "min_diameter_px": min_diameter,
        "max_diameter_px": max_diameter,
        "masks": as_json,
    }
    complaints, found = Complaints(), False
    with session(context).connect() as sightline:
        for photo in photos:
            with complaints.about(photo):
                result, name = _find(sightline, session(context), photo, options, job, force=force)
                found = found or bool(result.segments)
                _show(photo, result, name, as_json)
                if draw:
                    _draw(photo, result, target(draw, photo, len(photos)))
    complaints.end(otherwise=Exit.OK if found else Exit.ANSWER_IS_NO)


def _find(
    sightline: Sightline, settings: Session, photo: str, options: dict[str, Any], job: bool, *, force: bool
) -> tuple[SegmentResult, str]:
    """Give the segments of a photo, and the job that found them, if one did."""
    if not job:
        with bar(photo):
            return sightline.objects.segment(photo, timeout=settings.timeout, **options), ""
    made = sightline.jobs.segment(photo, force=force, timeout=settings.timeout, **options)
    tell_if_shared(photo, made)
    return result_of(sightline, settings, made, photo), made.name


def _show(photo: str, result: SegmentResult, job: str, as_json: bool) -> None:
    if as_json:
        print_json(result, photo=photo, **({"job": job} if job else {}))
        return
    count = counted(len(result.segments), "segment")
    size = f"{result.image_size.width_px} x {result.image_size.height_px} pixels"
    typer.echo(f"{photo}: {count} in {size}, {result.model.name}{f', {job}' if job else ''}")
    if not result.segments:
        return
    in_um = result.segments[0].HasField("area_um2")
    unit = "um" if in_um else "px"
    columns = [" #", "class", " score", f" area {unit}2", f" diameter {unit}", f" perimeter {unit}", " circularity"]
    print_table(columns, [_row(number, one, in_um) for number, one in enumerate(result.segments, start=1)])


def _row(number: int, one: Segment, in_um: bool) -> list[str]:
    if in_um:
        sizes = one.area_um2, one.equivalent_diameter_um, one.perimeter_um
    else:
        sizes = one.area_px, one.equivalent_diameter_px, one.perimeter_px
    return [str(number), one.class_name, f"{one.score:.2f}", *(f"{it:.1f}" for it in sizes), f"{one.circularity:.2f}"]


def _draw(photo: str, result: SegmentResult, place: Path) -> None:
    from sightline.client.object_drawing import draw_segments  # noqa: PLC0415 - Pillow is an extra

    draw_segments(photo, result.segments, place)
    note(f"{photo}: drawn into {place}")
