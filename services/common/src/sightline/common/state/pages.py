"""Pages of jobs by keyset: the next page begins behind the last row of this one, at any depth at the same cost."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sightline.common.state.database import Database
from sightline.common.state.filters import Condition
from sightline.common.state.jobs import Job


@dataclass(frozen=True, slots=True)
class Page:
    """Which jobs to read: those behind `after`, at most `count`."""

    condition: Condition
    newest_first: bool = True
    after: UUID | None = None
    count: int = 50


class JobPages:
    """The list of a tenant's jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, tenant: str, page: Page) -> list[Job]:
        """Read one page; job ids sort by creation, so the primary key gives the order."""
        direction, comparison = ("DESC", "<") if page.newest_first else ("ASC", ">")
        behind = f"AND job_id {comparison} %(after)s" if page.after else ""
        # The condition was made by `filters` from fixed pieces; every value in it is a parameter.
        sql = (
            f"SELECT * FROM jobs WHERE tenant = %(tenant)s {behind} AND {page.condition.sql} "  # noqa: S608
            f"ORDER BY job_id {direction} LIMIT %(count)s"
        )
        parameters = {"tenant": tenant, "after": page.after, "count": page.count, **page.condition.parameters}
        return await self._database.fetch_text(Job, "jobs.list", sql, parameters)
