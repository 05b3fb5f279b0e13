"""Schedules: what creates jobs again and again, and when it does so next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sightline.common.errors import NotFound
from sightline.common.state.database import Database


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """A schedule to store; `job` is a serialised `sightline.v1.Job`."""

    tenant: str
    schedule_id: UUID
    display_name: str
    cron: str
    time_zone: str
    job: bytes
    paused: bool
    next_time: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """A row of `schedules`; `last_error` is why nothing was created the last time, if so."""

    tenant: str
    schedule_id: UUID
    display_name: str
    cron: str
    time_zone: str
    job: bytes
    paused: bool
    next_time: datetime
    last_time: datetime | None
    last_error: bytes | None
    create_time: datetime


class Schedules:
    """The schedules of every tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, schedule: NewSchedule) -> Schedule:
        """Store a schedule."""
        parameters = {name: getattr(schedule, name) for name in NewSchedule.__slots__}
        (row,) = await self._database.fetch(Schedule, "schedules.add", parameters)
        return row

    async def get(self, tenant: str, schedule_id: UUID) -> Schedule:
        """Read a schedule.

        Raises:
            NotFound: when the tenant has no such schedule.
        """
        return self._one(schedule_id, await self._database.fetch(Schedule, "schedules.get", _key(tenant, schedule_id)))

    async def list_page(self, tenant: str, *, before: UUID | None, count: int) -> list[Schedule]:
        """Read schedules, the newest first, beginning behind `before`."""
        parameters = {"tenant": tenant, "before": before, "count": count}
        return await self._database.fetch(Schedule, "schedules.list", parameters)

    async def pause(self, tenant: str, schedule_id: UUID, *, paused: bool, next_time: datetime) -> Schedule:
        """Pause a schedule, or let it go on with the time that comes next from now.

        Raises:
            NotFound: when the tenant has no such schedule.
        """
        parameters = {**_key(tenant, schedule_id), "paused": paused, "next_time": next_time}
        return self._one(schedule_id, await self._database.fetch(Schedule, "schedules.pause", parameters))

    async def delete(self, tenant: str, schedule_id: UUID) -> None:
        """Forget a schedule; the jobs that it created stay.

        Raises:
            NotFound: when the tenant has no such schedule.
        """
        if not await self._database.rows("schedules.delete", _key(tenant, schedule_id)):
            raise NotFound(f"schedules/{schedule_id}")

    async def due(self, count: int) -> list[Schedule]:
        """Read the schedules whose time has come, the longest due first."""
        return await self._database.fetch(Schedule, "schedules.due", {"count": count})

    async def advance(self, schedule: Schedule, next_time: datetime, error: bytes | None) -> None:
        """Say that a schedule has fired for the time that was read, and when it fires next."""
        parameters = {
            **_key(schedule.tenant, schedule.schedule_id),
            "fired_time": schedule.next_time,
            "next_time": next_time,
            "error": error,
        }
        await self._database.rows("schedules.advance", parameters)

    @staticmethod
    def _one(schedule_id: UUID, rows: list[Schedule]) -> Schedule:
        if not rows:
            raise NotFound(f"schedules/{schedule_id}")
        return rows[0]


def _key(tenant: str, schedule_id: UUID) -> dict[str, object]:
    return {"tenant": tenant, "schedule_id": schedule_id}
