"""What counts the usage of ended jobs: its plans are kept for the life of a session, however the tables grow."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from sightline.common.settings import PostgresSettings
from sightline.common.state.database import Database
from sightline.common.state.jobs import Jobs, Submission
from sightline.common.state.tasks import Success, Tasks
from sightline.common.telemetry import Metrics

FINISHED, GROUP = 3_000, 16
READ = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_user_tables WHERE relname = %s"


@pytest.fixture
async def session(postgres_url: str) -> AsyncIterator[Database]:
    """One connection only, which keeps the plans of its functions."""
    opened = Database(PostgresSettings(url=SecretStr(postgres_url), pool_min=1, pool_max=1), Metrics(), "tests")
    await opened.open()
    yield opened
    await opened.close()


@pytest.mark.parametrize("first", [1, 32])
async def test_a_session_that_began_with_an_empty_table_reads_no_more_when_it_has_grown(
    session: Database, postgres_url: str, submission: Callable[..., Submission], pytestconfig: pytest.Config, first: int
) -> None:
    await _complete(session, [submission() for _ in range(first)])
    # New statistics would make new plans; until they come, the old ones must do.
    fill = (pytestconfig.rootpath / Path("bench/tables/fill.sql")).read_text().replace("ANALYZE;", "")
    with psycopg.connect(postgres_url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(fill, {"finished": FINISHED, "waiting": 0})
    before = await _read(session, postgres_url)
    await _complete(session, [submission() for _ in range(GROUP)])
    assert await _read(session, postgres_url) - before < 40 * GROUP


async def _complete(session: Database, submissions: list[Submission]) -> None:
    await Jobs(session).submit(submissions)
    tasks = Tasks(session)
    claims = await tasks.claim([one.task_id for one in submissions], "w", 30.0)
    assert len(claims) == len(submissions)
    ended = await tasks.complete([Success(one.task_id, one.claim_id, (b"x",)) for one in claims])
    assert len(ended) == len(submissions)


async def _read(session: Database, postgres_url: str) -> int:
    """Count the rows of `tasks` that all sessions have read."""
    async with session.connection() as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        (count,) = connection.execute(READ, ("tasks",)).fetchone() or (0,)
    return int(count)
