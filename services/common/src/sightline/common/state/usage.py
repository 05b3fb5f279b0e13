"""What was used, by the hour; and how much is open and waits, for those limits that look at the rows themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sightline.common.state.database import Database


@dataclass(frozen=True, slots=True)
class Noted:
    """Files that a gateway took in.

    Attributes:
        hour_time: when their hour began.
    """

    tenant: str
    hour_time: datetime
    kind: str
    count: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of one kind of work."""

    hour_time: datetime
    kind: str
    count: int
    size_bytes: int
    work_seconds: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many tasks of a tenant wait in a queue."""

    queue: str
    tenant: str
    waiting: int


@dataclass(frozen=True, slots=True)
class TenantTasks:
    """How many tasks of a tenant wait and run in a queue."""

    tenant: str
    queue: str
    waiting: int
    running: int


@dataclass(frozen=True, slots=True)
class TenantUse:
    """What a tenant used in a span of time.

    Attributes:
        jobs: that ended.
        received_bytes: of files that were sent or fetched.
    """

    tenant: str
    jobs: int
    work_seconds: float
    received_bytes: int


class Usage:
    """The usage of every tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, noted: Sequence[Noted]) -> None:
        """Add what was counted outside of the database; jobs and their work count themselves."""
        columns = {
            "tenants": [one.tenant for one in noted],
            "hour_times": [one.hour_time for one in noted],
            "kinds": [one.kind for one in noted],
            "counts": [one.count for one in noted],
            "size_bytes": [one.size_bytes for one in noted],
        }
        await self._database.rows("usage.note", columns)

    async def roll_up(self, count: int = 5000) -> int:
        """Add news to their hours; returns how many, at most `count`."""
        (row,) = await self._database.rows("usage.roll_up", {"count": count})
        return int(row[0])

    async def hours(self, tenant: str, start: datetime, end: datetime, count: int) -> list[Hour]:
        """Read the hours from `start` on and before `end`, the latest first, `count` rows at most."""
        parameters = {"tenant": tenant, "start_time": start, "end_time": end, "count": count}
        return await self._database.fetch(Hour, "usage.hours", parameters)

    async def purge(self, *, older_seconds: float, count: int = 500) -> int:
        """Forget hours older than that; returns how many rows, at most `count`."""
        return len(await self._database.rows("usage.purge", {"older_seconds": older_seconds, "count": count}))

    async def open_jobs(self, tenant: str, at_most: int) -> int:
        """Count the jobs of a tenant that have not ended, no further than `at_most`."""
        (row,) = await self._database.rows("usage.open_jobs", {"tenant": tenant, "count": at_most})
        return int(row[0])

    async def waiting_by_tenant(self) -> list[Waiting]:
        """Count what waits, by queue and tenant."""
        return await self._database.fetch(Waiting, "usage.waiting_by_tenant")

    async def tasks_by_tenant(self) -> list[TenantTasks]:
        """Count what waits and runs, by tenant and queue; ready tasks alone, as the depth of a queue counts them."""
        return await self._database.fetch(TenantTasks, "usage.tasks_by_tenant")

    async def used_by_tenant(self, start: datetime, kinds: Collection[str]) -> list[TenantUse]:
        """Add up the hours from `start` on, by tenant.

        Args:
            start: the beginning of an hour.
            kinds: those whose count is one of jobs.
        """
        return await self._database.fetch(
            TenantUse, "usage.used_by_tenant", {"start_time": start, "kinds": list(kinds)}
        )
