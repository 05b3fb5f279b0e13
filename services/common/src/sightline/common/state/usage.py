"""What was used, by the hour; and how much is open and waits, for those limits that look at the rows themselves."""

from __future__ import annotations

from collections.abc import Sequence
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
