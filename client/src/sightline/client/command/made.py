"""What commands that make files have in common: a durable job, its result in one message, its files in a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from sightline.client.command.complaints import Complaints, note
from sightline.client.command.drawn import check_apart
from sightline.client.command.output import print_json
from sightline.client.command.results import result_of
from sightline.client.command.session import session
from sightline.client.command.sharing import tell_if_shared
from sightline.client.command.wording import counted

if TYPE_CHECKING:
    from sightline.client import Sightline
    from sightline.client.creating import Create
    from sightline.v1.job_pb2 import Job

Out: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Write the files that are made into this folder.")
]
Films: TypeAlias = Annotated[list[str], typer.Argument(metavar="FILE...", help="Files, or names of uploaded media.")]


def each(
    context: typer.Context,
    sources: list[str],
    make: Callable[[Sightline, str, Create], Job],
    show: Callable[[str, Any], None],
    *,
    force: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Make a job of each file, wait for it, show its result and fetch its files.

    Args:
        context: of the command.
        sources: files, or names of media.
        make: creates the job of one of them; it is given the source, and what every job is told.
        show: prints its result for people; it is given the name and the message.
        force: whether the jobs run even if the same work is running or was done.
        out: where the files go; of several sources, each into a folder of its own; None leaves them on the server.
        as_json: whether the result is printed as JSON instead.
    """
    if out is not None:
        check_apart(sources, {source: Path(source).stem for source in sources})
    complaints, settings = Complaints(), session(context)
    with settings.connect() as sightline:
        for source in sources:
            with complaints.about(source):
                job = make(sightline, source, {"force": force, "timeout": settings.timeout})
                tell_if_shared(source, job)
                result = result_of(sightline, settings, job, source)
                if as_json:
                    print_json(result, file=source, job=job.name)
                else:
                    show(source, result)
                if out is not None:
                    folder = out if len(sources) == 1 else out / Path(source).stem
                    files = sightline.jobs.download_files(job, folder, timeout=settings.timeout)
                    note(f"{source}: {counted(len(files), 'file')} in {folder}")
    complaints.end()
