"""What runs for each job is planned once in a session, also where jobs come one by one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from pydantic import SecretStr

from sightline.common.settings import PostgresSettings
from sightline.common.state.database import Database
from sightline.common.state.jobs import Jobs, Submission
from sightline.common.state.statements import statement
from sightline.common.state.tasks import Held, Success, Tasks
from sightline.common.telemetry import Metrics

# After so many PostgreSQL begins to compare what it planned for the values with a plan for any.
PLANNED = 5
JOBS = 4 * PLANNED


@pytest.fixture
async def session(postgres_url: str) -> AsyncIterator[Database]:
    """A pool of one connection, which all statements go over."""
    settings = PostgresSettings(url=SecretStr(postgres_url), pool_min=1, pool_max=1)
    database = Database(settings, Metrics(), "test")
    await database.open()
    yield database
    await database.close()


async def test_statements_of_a_lone_job_are_not_planned_anew_for_each(
    session: Database, submission: Callable[..., Submission]
) -> None:
    jobs, tasks = Jobs(session), Tasks(session)
    for _ in range(JOBS):
        asked = submission()
        await jobs.submit([asked])
        assert await jobs.find(asked.tenant, [asked.job_id])
        (claim,) = await tasks.claim([asked.task_id], "w", 60)
        assert await tasks.renew([Held(claim.task_id, claim.claim_id, 0.5)], 60)
        assert await tasks.complete([Success(claim.task_id, claim.claim_id, (b"x",))])
    planned = await _times_planned(session)
    names = ("jobs.submit", "jobs.by_id", "tasks.claim", "tasks.renew", "tasks.complete")
    assert {name: planned[_beginning(statement(name))] for name in names} == dict.fromkeys(names, PLANNED)


async def _times_planned(session: Database) -> dict[str, int]:
    async with session.connection() as connection:
        rows = await connection.execute("SELECT statement, custom_plans FROM pg_prepared_statements")
        return {_beginning(text): plans for text, plans in await rows.fetchall()}


def _beginning(sql: str) -> str:
    """The words before the first parameter, which its driver and PostgreSQL write in different ways."""
    return sql.partition("%(")[0].partition("$1")[0]
