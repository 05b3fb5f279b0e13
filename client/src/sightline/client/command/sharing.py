"""What the commands say of jobs that do the work of several submissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from sightline.client.command.complaints import note

if TYPE_CHECKING:
    from sightline.v1.job_pb2 import Job

Force: TypeAlias = Annotated[
    bool, typer.Option("--force", help="Run the job even if the same work is running or was done.")
]


def tell_if_shared(subject: str, job: Job) -> None:
    """Say so when a submission was given a job that was there before."""
    if job.deduplicated_from:
        done = "was done" if job.state == job.STATE_SUCCEEDED else "is under way"
        note(f"{subject}: the same work {done} as {job.name}, which is used; --force runs it anew")
