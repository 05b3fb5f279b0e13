"""Keeps the leases of the tasks in hand, and notices which are no longer ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog

from sightline.common.errors import SightlineError
from sightline.common.queue import Bus, Change
from sightline.common.settings import WorkerSettings
from sightline.common.state.jobs import State
from sightline.common.state.tasks import Held, Tasks
from sightline.common.telemetry.metrics import Metrics
from sightline.common.worker.handler import Task

log = structlog.get_logger()


@dataclass(slots=True)
class _Lease:
    task: Task
    lose: Callable[[Task], None]
    told_progress: float = 0.0


class Leases:
    """Renews every lease at each heartbeat; a task that was cancelled or taken over is given up at once."""

    def __init__(self, tasks: Tasks, bus: Bus, settings: WorkerSettings, metrics: Metrics, queue: str) -> None:
        self._tasks = tasks
        self._bus = bus
        self._settings = settings
        self._renewals = metrics.lease_renewals
        self._queue = queue
        self._held: dict[UUID, _Lease] = {}

    def hold(self, task: Task, lose: Callable[[Task], None]) -> None:
        """Keep the lease of a task; `lose` is called once when it is no longer ours.

        A process that slept past its lease may be given its own task again: the earlier attempt is lost then.
        """
        if (earlier := self._held.get(task.claim.task_id)) is not None:
            self._lose(earlier)
        self._held[task.claim.task_id] = _Lease(task, lose)

    def let_go(self, task: Task) -> None:
        """Stop keeping a lease."""
        if (lease := self._held.get(task.claim.task_id)) is not None and lease.task is task:
            del self._held[task.claim.task_id]

    async def keep(self) -> None:
        """Renew at every heartbeat, until cancelled."""
        while True:
            await asyncio.sleep(self._settings.heartbeat_seconds)
            if self._held:
                await self._renew(dict(self._held))

    async def _renew(self, held: dict[UUID, _Lease]) -> None:
        wanted = [Held(task_id, one.task.claim.claim_id, one.task.progress) for task_id, one in held.items()]
        try:
            ours = await self._tasks.renew(wanted, self._settings.lease_seconds)
        except SightlineError as error:
            log.warning("leases_not_renewed", reason=error.reason, count=len(wanted))
            self._renewals.labels(self._queue, "failed").inc(len(wanted))
            # Nobody can take a task over while the database is away: the work goes on, and is fenced at its end.
            return
        for task_id, lease in held.items():
            # One that has ended meanwhile was not lost: its own outcome has taken it out of our hands.
            if task_id not in ours and self._held.get(task_id) is lease and not lease.task.ended:
                self._lose(lease)
        self._renewals.labels(self._queue, "renewed").inc(len(ours))
        await self._tell([lease for task_id, lease in held.items() if task_id in ours])

    def _lose(self, lease: _Lease) -> None:
        log.info("lease_lost", task=str(lease.task.claim.task_id), job=str(lease.task.claim.job_id))
        self._renewals.labels(self._queue, "lost").inc()
        lease.task.abandoned = True
        self.let_go(lease.task)
        lease.lose(lease.task)

    async def _tell(self, leases: list[_Lease]) -> None:
        moved = [lease for lease in leases if lease.task.progress > lease.told_progress]
        for lease in moved:
            lease.told_progress = lease.task.progress
        await self._bus.tell(
            [
                Change(one.task.claim.job_id, State.RUNNING, one.task.claim.transition, one.told_progress)
                for one in moved
            ]
        )
