"""What one leader does for all: takes lost work back, names what must be published, counts, purges."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row
from psycopg.sql import SQL, Composed

from sightline.common.state.database import Database
from sightline.common.state.statements import statement

# Any constant will do, as long as no other lock of the product has it.
LEADER_LOCK = 7_340_033


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A task whose worker went silent; `state` is queued again, or failed when that was the last attempt."""

    task_id: UUID
    tenant: str
    job_id: UUID
    queue: str
    state: int
    transition: int | None


@dataclass(frozen=True, slots=True)
class Overdue:
    """A job that was ended because its deadline had passed; `planned` when it has several tasks."""

    tenant: str
    job_id: UUID
    state: int
    transition: int
    planned: bool


@dataclass(frozen=True, slots=True)
class Publishable:
    """A waiting task whose message is missing.

    Attributes:
        priority: how urgent the message is, which is at least as urgent as the task.
    """

    task_id: UUID
    tenant: str
    priority: int
    trace_context: str


@dataclass(frozen=True, slots=True)
class Depth:
    """How much waits and runs in a queue, and how long the oldest has waited."""

    queue: str
    waiting: int
    running: int
    oldest_seconds: float


class Upkeep:
    """The duties' view of the tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def leadership(self, silence_seconds: float = 30.0) -> AsyncIterator[bool]:
        """Hold the leader's lock for the block, if nobody else does; it ends with the connection.

        Args:
            silence_seconds: when the server ends the connection of a leader that has come to a halt; longer than
                the block takes.

        Yields:
            Whether this process leads.
        """
        async with self._database.session() as connection:
            cursor = await connection.execute(statement("upkeep.lead"), {"key": LEADER_LOCK})
            row = await cursor.fetchone()
            leads = bool(row and row[0])
            try:
                if leads:
                    await connection.execute(_end_after(silence_seconds))
                yield leads
            finally:
                if leads and not connection.closed:
                    await connection.execute("SELECT pg_advisory_unlock(%(key)s)", {"key": LEADER_LOCK})
                    await connection.execute(_end_after(0))

    async def end_leases(self, error: bytes, count: int = 500) -> list[TakenBack]:
        """Take back tasks whose lease has ended; `error` is what the client reads if that was the last attempt."""
        parameters = {"error": error, "count": count}
        return await self._database.fetch(TakenBack, "upkeep.end_leases", parameters)

    async def age(self, *, step_seconds: float, count: int = 1000) -> int:
        """Raise the priority of what has waited another `step_seconds`; returns how many, at most `count`."""
        return len(await self._database.rows("upkeep.age", {"step_seconds": step_seconds, "count": count}))

    async def end_overdue(self, error: bytes, count: int = 500) -> list[Overdue]:
        """End jobs whose deadline has passed; `error` is what their clients read."""
        parameters = {"error": error, "count": count}
        return await self._database.transact("upkeep.end_overdue", lambda one: _end_overdue(one, parameters))

    async def queues_with_work(self, queues: Sequence[str]) -> list[str]:
        """Name those of the queues in which any task waits whose time has come."""
        return [row[0] for row in await self._database.rows("upkeep.queues_with_work", {"queues": list(queues)})]

    async def publishable(
        self, queue: str, *, older_seconds: float, count: int, served: Sequence[str] = ()
    ) -> list[Publishable]:
        """Name waiting tasks without a message, or with one older than `older_seconds`, and mark them published.

        Args:
            served: the tenants that had their turns before, the latest last.

        Returns:
            Tasks in the order in which they are to be published.
        """
        parameters = {"queue": queue, "older_seconds": older_seconds, "count": count, "served": list(served)}
        return await self._database.fetch(Publishable, "upkeep.publishable", parameters)

    async def published(self, queue: str, *, older_seconds: float) -> int:
        """Count waiting tasks whose message was sent that long ago; more of them than messages means lost ones."""
        parameters = {"queue": queue, "older_seconds": older_seconds}
        (row,) = await self._database.rows("upkeep.published", parameters)
        return int(row[0])

    async def depths(self) -> list[Depth]:
        """Count what waits and runs, by queue; a queue with neither is not among the rows."""
        return await self._database.fetch(Depth, "upkeep.depths")

    async def purge_jobs(self, count: int = 500) -> int:
        """Delete ended jobs that have expired; returns how many, at most `count`."""
        return len(await self._database.rows("upkeep.purge_jobs", {"count": count}))

    async def purge_requests(self, *, older_seconds: float, count: int = 500) -> int:
        """Forget request ids older than that; returns how many, at most `count`."""
        parameters = {"older_seconds": older_seconds, "count": count}
        return len(await self._database.rows("upkeep.purge_requests", parameters))


async def _end_overdue(connection: AsyncConnection[TupleRow], parameters: Mapping[str, Any]) -> list[Overdue]:
    cursor = connection.cursor(row_factory=class_row(Overdue), binary=True)
    await cursor.execute(statement("upkeep.end_overdue"), parameters)
    ended = await cursor.fetchall()
    if planned := [one for one in ended if one.planned]:
        jobs = {"tenants": [one.tenant for one in planned], "job_ids": [one.job_id for one in planned]}
        await connection.execute(statement("jobs.stop_rest"), jobs)
    return ended


def _end_after(seconds: float) -> Composed:
    """Make the statement that lets the server end this connection after so long a silence; 0: never."""
    # SET takes no parameters.
    return SQL("SET idle_session_timeout = {}").format(int(seconds * 1000))
