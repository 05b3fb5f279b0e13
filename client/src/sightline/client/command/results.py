"""The result of a job that is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sightline.client.command.progress import waiting_for
from sightline.client.command.session import Session

if TYPE_CHECKING:
    from sightline.client import Sightline
    from sightline.v1.job_pb2 import Job


def result_of(sightline: Sightline, settings: Session, job: Job, title: str) -> Any:
    """Wait for a job while a bar shows how far it is, and give its result: one message, whatever parts it comes in."""
    with waiting_for(job.name, title) as show:
        sightline.jobs.wait(job, on_change=show, timeout=settings.timeout)
    first, *more = sightline.jobs.results(job, timeout=settings.timeout)
    kind = first.WhichOneof("result")
    assert kind is not None, "a job that has succeeded has a result"
    whole = getattr(first, kind)
    for part in more:
        whole.MergeFrom(getattr(part, kind))
    return whole
