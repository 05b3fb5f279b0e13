"""Pages of jobs by keyset: the next page begins behind the last row of this one, at any depth at the same cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sightline.common.state.database import Database
from sightline.common.state.filters import Condition
from sightline.common.state.jobs import Job

# How many rows a page looks at, at most, where no index knows which of them pass the filter.
_LOOK_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Page:
    """Which jobs to read: those behind `after`, at most `count`."""

    condition: Condition
    newest_first: bool = True
    after: UUID | None = None
    count: int = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A page that was read.

    Attributes:
        jobs: in their order; fewer than were asked for, or none, where few pass the filter.
        behind: where the next page begins; None when there is none.
    """

    jobs: list[Job]
    behind: UUID | None


@dataclass(frozen=True, slots=True)
class _Edge:
    job_id: UUID


class JobPages:
    """The list of a tenant's jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, tenant: str, page: Page) -> Found:
        """Read one page; job ids sort by creation, so the primary key gives the order.

        The terms of a filter that an index serves in this order are always exact. The others are tried on a bounded
        number of rows; if these do not fill the page, labels are looked up in their own index, which few rows pass
        then, and for anything else the page ends early.
        """
        query = _Query(tenant, page)
        if page.condition.exact:
            return await self._whole(page, query, query.exact())
        # Before the rows are looked at: their states change meanwhile, and an edge that moves leaves some out.
        edges = await self._database.fetch_text(_Edge, "jobs.list_edge", query.edge(), query.parameters)
        query.look_to(edges[0].job_id if edges else None)
        found = await self._whole(page, query, query.bounded())
        if found.behind is not None or not edges:
            return found
        if page.condition.labelled:
            return await self._whole(page, query, query.labelled())
        return Found(found.jobs, edges[0].job_id)

    async def _whole(self, page: Page, query: _Query, sql: str) -> Found:
        """Run a query that gives one row more than the page holds, if there is one."""
        jobs = await self._database.fetch_text(Job, "jobs.list", sql, query.parameters)
        more = len(jobs) > page.count
        return Found(jobs[: page.count], jobs[page.count - 1].job_id if more else None)


class _Query:
    """The ways to read one page. Every value in them is a parameter; `filters` made the rest of fixed pieces."""

    def __init__(self, tenant: str, page: Page) -> None:
        condition = page.condition
        direction, comparison, up_to = ("DESC", "<", ">=") if page.newest_first else ("ASC", ">", "<=")
        behind = f"AND job_id {comparison} %(after)s" if page.after else ""
        self._rest = condition.sql
        self._where = f"WHERE tenant = %(tenant)s {behind} AND {condition.served}"
        self._order = f"ORDER BY job_id {direction}"
        self._to_edge = f"AND job_id {up_to} %(edge)s"
        self.parameters: dict[str, Any] = {
            **condition.parameters, "tenant": tenant, "after": page.after, "count": page.count + 1, "look": _LOOK_MAX,
            "edge": None,
        }  # fmt: skip

    def look_to(self, edge: UUID | None) -> None:
        """Bound what is looked at by its last row; None: nothing lies behind it."""
        self.parameters["edge"] = edge

    def exact(self) -> str:
        """Read from an index, in its order."""
        return f"SELECT * FROM jobs {self._where} {self._order} LIMIT %(count)s"  # noqa: S608

    def bounded(self) -> str:
        """Try the whole filter on the rows that are looked at."""
        bound = self._to_edge if self.parameters["edge"] else ""
        # Twice as many as there were: some may have come between.
        looked = f"SELECT * FROM jobs {self._where} {bound} {self._order} LIMIT 2 * %(look)s"  # noqa: S608
        return f"SELECT * FROM ({looked}) AS looked WHERE {self._rest} {self._order} LIMIT %(count)s"  # noqa: S608

    def edge(self) -> str:
        """Name the last row that is looked at; none when the table ends before."""
        return f"SELECT job_id FROM jobs {self._where} {self._order} LIMIT 1 OFFSET %(look)s - 1"  # noqa: S608

    def labelled(self) -> str:
        """Read all that pass and then sort them: OFFSET keeps the planner from doing it the other way round."""
        passed = f"SELECT * FROM jobs {self._where} AND {self._rest} OFFSET 0"  # noqa: S608
        return f"SELECT * FROM ({passed}) AS passed {self._order} LIMIT %(count)s"  # noqa: S608
