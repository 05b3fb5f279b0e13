"""Running jobs again that have failed or were cancelled."""

from __future__ import annotations

from uuid import UUID

from sightline.common.queue import Bus, Change, Message
from sightline.common.state.jobs import Job, Jobs
from sightline.gateway.publication import Publication


class Reruns:
    """Queues a job again, publishes its tasks and tells whoever watches it."""

    def __init__(self, jobs: Jobs, publication: Publication, bus: Bus, keep_seconds: float) -> None:
        """Prepare to run jobs again.

        Args:
            jobs: the jobs of every tenant.
            publication: sends the messages of their tasks.
            bus: tells those who watch.
            keep_seconds: how long a job is kept from then on, at least.
        """
        self._jobs = jobs
        self._publication = publication
        self._bus = bus
        self._keep_seconds = keep_seconds

    async def run(self, tenant: str, job_id: UUID) -> Job:
        """Run a job again, with a fresh count of attempts; what has succeeded of it stays.

        Raises:
            NotFound: when the tenant has no such job.
            SightlineError: JOB_NOT_ENDED, or JOB_ENDED when it succeeded.
        """
        for one in await self._jobs.rerun(tenant, job_id, keep_seconds=self._keep_seconds):
            self._publication.offer(one.queue, [Message(one.task_id, one.priority, one.trace_context)])
        row = await self._jobs.get(tenant, job_id)
        await self._bus.tell([Change(row.job_id, row.state, len(row.history), row.progress)])
        return row
