"""A bar on the standard error while something takes its time; nothing where no terminal shows it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sightline.client.command.complaints import note
from sightline.client.command.output import state_name

if TYPE_CHECKING:
    from sightline.v1.job_pb2 import Job


@contextmanager
def bar(title: str) -> Iterator[Callable[[float, float], None]]:
    """Show a bar during the block; the function that the block gets is told how much of how much is done."""
    from rich.console import Console  # noqa: PLC0415 - Rich takes longer to load than --help may
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def waiting_for(name: str, title: str) -> Iterator[Callable[[Job], None]]:
    """Show how far a job is during the block, and say how to go on when the user does not want to wait."""
    try:
        with bar(title) as show:
            yield lambda job: show(job.progress, 1.0)
    except KeyboardInterrupt:
        note(f"Stopped waiting; {name} goes on.")
        note(f"  sightline jobs watch {name}    waits for it again")
        note(f"  sightline jobs cancel {name}   ends it")
        raise


def describe(job: Job) -> str:
    """Say in a few words how far a job is."""
    return f"{job.name} {state_name(job)} {job.progress:.0%}"
