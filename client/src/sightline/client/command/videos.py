"""What commands about videos have in common."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sightline.client.command.progress import waiting_for
from sightline.client.command.session import Session

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration

    from sightline.client import Sightline
    from sightline.v1.job_pb2 import Job, JobResult


def is_video(path: str) -> bool:
    """Say whether a file is a video, by its name."""
    return (mimetypes.guess_type(path)[0] or "").startswith("video/")


def seconds(duration: Duration) -> float:
    """Give a length of time in seconds."""
    return duration.seconds + duration.nanos / 1e9


def results_of(sightline: Sightline, settings: Session, job: Job, title: str) -> Iterator[JobResult]:
    """Wait for a job while a bar shows how far it is, and give its results."""
    with waiting_for(job.name, title) as show:
        sightline.jobs.wait(job, on_change=show, timeout=settings.timeout)
    return iter(sightline.jobs.results(job, timeout=settings.timeout))
