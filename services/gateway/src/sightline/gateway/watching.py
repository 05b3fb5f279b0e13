"""Watching: every change of a job, told once and in order, over any loss of connection, gateway or Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from uuid import UUID

from sightline.common.errors import NotFound, TemporarilyAway
from sightline.common.queue import Bus, sequence
from sightline.common.queue.bus import Listener
from sightline.common.state.jobs import Job, Jobs, State
from sightline.gateway.events import events_after, followed, require_reached
from sightline.gateway.grouping import Grouping
from sightline.v1 import job_pb2

# How long the rows of watchers wait for others to be read with them; the first of many never waits.
_GROUPING_SECONDS = 0.005
_GROUP_MAX = 500


@dataclass(slots=True, eq=False)
class Watch:
    """One watcher, what wakes it, and the sequence number of what it was told last."""

    tenant: str
    job_id: UUID
    listener: Listener
    last: int


class Watching:
    """The watchers of this gateway.

    The bus wakes them, and those that wake together read their rows together: a thousand that begin at once, or that
    Redis has left, do not ask for a thousand connections to the database. The bus may lose a message (a worker that
    dies between its commit and its message), so one query in some seconds compares all watched jobs at once with
    what their watchers were told.
    """

    def __init__(self, jobs: Jobs, bus: Bus, check_seconds: float) -> None:
        self._jobs = jobs
        self._bus = bus
        self._check_seconds = check_seconds
        self._watches: set[Watch] = set()
        self._checking: asyncio.Task[None] | None = None
        self._rows = Grouping[tuple[str, UUID], Job | None](
            self._read, window_seconds=_GROUPING_SECONDS, group_max=_GROUP_MAX
        )

    async def watch(self, tenant: str, job_id: UUID, after: int) -> AsyncGenerator[job_pb2.JobEvent, None]:
        """Tell every change of a job after a sequence number, until it has ended.

        Raises:
            NotFound: the tenant has no such job, or it was deleted meanwhile.
            InvalidRequest: the job has not come to that sequence number.
        """
        # Listening begins before the row is read: what happens in between is in the row or on the bus.
        async with self._bus.listen(job_id) as listener:
            watch = Watch(tenant, job_id, listener, after)
            self._watches.add(watch)
            self._checking = self._checking or asyncio.create_task(self._check(), name="check watches")
            try:
                async with aclosing(self._events(watch)) as events:
                    async for event in events:
                        watch.last = event.sequence
                        yield event
            finally:
                self._watches.discard(watch)

    async def close(self) -> None:
        """Stop comparing; the watchers themselves end with their calls."""
        if self._checking is not None:
            self._checking.cancel()
            with suppress(asyncio.CancelledError):
                await self._checking
        await self._rows.close()

    async def _events(self, watch: Watch) -> AsyncGenerator[job_pb2.JobEvent, None]:
        row = await self._row(watch)
        while True:
            for event in events_after(row, watch.last):
                yield event
            if State(row.state).terminal:
                return
            change = await watch.listener.next()
            # What the message says need not be read.
            row = (change and followed(row, change)) or await self._row(watch)

    async def _row(self, watch: Watch) -> Job:
        row = await self._rows.add((watch.tenant, watch.job_id))
        if row is None:
            raise NotFound(f"jobs/{watch.job_id}")
        require_reached(row, watch.last)
        return row

    async def _read(self, wanted: Sequence[tuple[str, UUID]]) -> list[Job | None]:
        found: dict[tuple[str, UUID], Job] = {}
        for tenant in {tenant for tenant, _ in wanted}:
            rows = await self._jobs.find(tenant, {job_id for of, job_id in wanted if of == tenant})
            found.update({(tenant, row.job_id): row for row in rows})
        return [found.get(one) for one in wanted]

    async def _check(self) -> None:
        try:
            while self._watches:
                await asyncio.sleep(self._check_seconds)
                # While Redis is away the bus wakes every watcher by itself.
                if self._bus.available:
                    await self._compare()
        finally:
            self._checking = None

    async def _compare(self) -> None:
        try:
            standings = await self._jobs.standings({(watch.tenant, watch.job_id) for watch in self._watches})
        except TemporarilyAway:
            return
        reached = {one.job_id: sequence(one.transition, one.progress) for one in standings}
        for watch in self._watches:
            # A job that is not there any more wakes too: its watcher is told so.
            if reached.get(watch.job_id, watch.last + 1) > watch.last:
                watch.listener.wake(None)
