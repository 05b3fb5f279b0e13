"""`sightline media`: the files that are analysed."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from sightline.client.command.complaints import Complaints, note
from sightline.client.command.output import AsJson, print_facts, print_json, print_table, when
from sightline.client.command.progress import bar
from sightline.client.command.session import session

if TYPE_CHECKING:
    from sightline.v1.media_pb2 import Media

app = typer.Typer(help="Upload files, look at them, get them back.", rich_markup_mode=None, no_args_is_help=True)

Name: TypeAlias = Annotated[str, typer.Argument(metavar="MEDIA", help="media/ID, or the ID alone.")]
Names: TypeAlias = Annotated[list[str], typer.Argument(metavar="MEDIA...", help="media/ID, or the IDs alone.")]


@app.command()
def upload(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The files.")],
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What to call it, if it is one file.")] = None,
    upload_id: Annotated[
        str | None, typer.Option(metavar="UUID", help="Go on with the upload of one file that has this id.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Upload files; an upload goes on by itself when the connection was lost.

    \b
    Examples:
      sightline media upload lecture.mp4
      id=$(uuidgen); sightline media upload lecture.mp4 --upload-id $id
    """
    if len(files) > 1 and (name is not None or upload_id is not None):
        raise typer.BadParameter("--name and --upload-id are for one file")
    complaints = Complaints()
    with session(context).connect() as sightline:
        for file in files:
            with complaints.about(str(file)):
                with bar(str(file)) as show:
                    stored = sightline.media.upload(
                        file, name=name, upload_id=upload_id, on_progress=show, timeout=session(context).timeout
                    )
                print_json(stored) if as_json else typer.echo(stored.name)
    complaints.end()


@app.command("list")
def list_media(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=0, help="Most files to list; 0 means all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List files, the newest first."""
    with session(context).connect() as sightline:
        found = sightline.media.list(page_size=min(limit, 1000), timeout=session(context).timeout)
        listed = islice(found, limit or None)
        if as_json:
            for media in listed:
                print_json(media)
        else:
            print_table(["MEDIA", "TYPE", " BYTES", "CREATED", "NAME"], [_row(media) for media in listed])


@app.command()
def show(context: typer.Context, media: Name, as_json: AsJson = False) -> None:
    """Show what is known of a file."""
    with session(context).connect() as sightline:
        found = sightline.media.get(media, timeout=session(context).timeout)
        print_json(found) if as_json else print_facts(_facts(found))


@app.command()
def download(
    context: typer.Context,
    media: Name,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to; as it was called if not given.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write a file to disk, whole and checked, or not at all."""
    with session(context).connect() as sightline:
        found = sightline.media.get(media, timeout=session(context).timeout)
        # The name is somebody's word: only its last part may name a file here.
        to = output or Path(Path(found.display_name).name or found.name.replace("/", "-"))
        if to.exists() and not force:
            raise FileExistsError(17, "exists already; --force replaces it", str(to))
        with bar(str(to)) as show:
            sightline.media.download(found, to, on_progress=show, timeout=session(context).timeout)
    note(f"{found.name} written to {to}")


@app.command()
def delete(context: typer.Context, media: Names) -> None:
    """Delete files; jobs that have not read them yet fail."""
    complaints = Complaints()
    with session(context).connect() as sightline:
        for name in media:
            with complaints.about(name):
                sightline.media.delete(name, timeout=session(context).timeout)
    complaints.end()


def _row(media: Media) -> list[str]:
    return [media.name, media.content_type, str(media.size_bytes), when(media.create_time), media.display_name]


def _facts(media: Media) -> dict[str, str]:
    size = media.image_size
    return {
        "name": media.name,
        "called": media.display_name,
        "type": media.content_type,
        "bytes": str(media.size_bytes),
        "pixels": f"{size.width_px} x {size.height_px}" if size.width_px else "",
        "sha256": media.sha256,
        "created": when(media.create_time),
        "expires": when(media.expire_time),
    }
