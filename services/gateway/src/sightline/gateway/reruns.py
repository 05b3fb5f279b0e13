"""Running jobs again that have failed or were cancelled."""

from __future__ import annotations

from uuid import UUID

from sightline.common.queue import Bus, Change, Message
from sightline.common.state.jobs import Job, Jobs
from sightline.gateway.publication import Publication


class Reruns:
    """Queues a job again, publishes its tasks and tells whoever watches it."""

    def __init__(self, jobs: Jobs, publication: Publication, bus: Bus) -> None:
        self._jobs = jobs
        self._publication = publication
        self._bus = bus

    async def run(self, tenant: str, job_id: UUID) -> Job:
        """Run a job again, with a fresh count of attempts; what has succeeded of it stays.

        Raises:
            NotFound: when the tenant has no such job.
            SightlineError: JOB_NOT_ENDED, or JOB_ENDED when it succeeded.
        """
        for one in await self._jobs.rerun(tenant, job_id):
            self._publication.offer(one.queue, [Message(one.task_id, one.priority, one.trace_context)])
        row = await self._jobs.get(tenant, job_id)
        await self._bus.tell([Change(row.job_id, row.state, len(row.history), row.progress)])
        return row
