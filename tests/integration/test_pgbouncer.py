"""Transactions that share connections: what the services need of a pooler, and what must not go through it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import poolers
import psycopg
import pytest
from servers import Background, Server

from sightline.common.errors import TemporarilyAway
from sightline.common.settings import PostgresSettings
from sightline.common.state.database import Database
from sightline.common.state.jobs import Jobs, Submission
from sightline.common.state.sessions import pooled, session_settings, straight
from sightline.common.state.signals import Signals
from sightline.common.state.tasks import Tasks
from sightline.common.state.upkeep import Upkeep
from sightline.common.telemetry.metrics import Metrics

SESSIONS = 3


@dataclass(frozen=True)
class Shared:
    """A pooler that runs, and settings of what connects through it."""

    pooler: poolers.InProcess | Server
    settings: PostgresSettings

    def connect(self) -> psycopg.Connection[Any]:
        """Open one connection through it, as the services do."""
        return psycopg.connect(**pooled(self.settings, "tests"))


@pytest.fixture(params=poolers.KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """What stands between: the stand-in, and each PgBouncer that was named."""
    return str(request.param)


@pytest.fixture
def shared(kind: str, background: Background, postgres_url: str) -> Iterator[Shared]:
    """A pooler with few connections over a database of this test's own."""
    yield from _running(kind, background, postgres_url)


def _running(kind: str, background: Background, url: str) -> Iterator[Shared]:
    folder, settings = poolers.configure(url, pool_size=SESSIONS, prepared_statements=poolers.prepares(kind))
    made = poolers.pooler(kind, background, folder, url)
    made.start()
    yield Shared(made, settings)
    made.stop()
    shutil.rmtree(folder)


@pytest.fixture
async def database(shared: Shared) -> AsyncIterator[Database]:
    """A pool of many connections through it."""
    opened = Database(shared.settings, Metrics(), "tests", pool_max=12)
    await opened.open()
    yield opened
    await opened.close()


async def test_many_connections_share_few_sessions_which_are_all_set_as_ours_are(
    shared: Shared, database: Database
) -> None:
    wanted = session_settings(shared.settings)

    async def look() -> tuple[int, dict[str, str]]:
        async with database.connection() as connection, connection.transaction():
            cursor = await connection.execute("SELECT pg_backend_pid(), pg_sleep(0.05)")
            row = await cursor.fetchone()
            asked = await connection.execute(
                "SELECT name, setting FROM pg_settings WHERE name = ANY (%s)", [list(wanted)]
            )
            return int((row or (0,))[0]), dict(await asked.fetchall())

    found = await asyncio.gather(*(look() for _ in range(24)))
    assert len({pid for pid, _ in found}) == SESSIONS
    assert all(settings == wanted for _, settings in found)


def test_parameters_in_the_start_of_a_connection_are_refused_and_so_we_send_none(shared: Shared) -> None:
    options = {"options": straight(shared.settings, "tests")["options"]}
    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter"):
        psycopg.connect(**pooled(shared.settings, "tests"), **options)
    with shared.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


async def test_jobs_go_through_it_from_submission_to_result(
    database: Database, submission: Callable[..., Submission]
) -> None:
    jobs, tasks = Jobs(database), Tasks(database)

    async def work() -> bool:
        asked = submission()
        await jobs.submit([asked])
        (claim,) = await tasks.claim([asked.task_id], "tests", 30)
        return (await jobs.get("acme", asked.job_id)).state == 2 and claim.job_id == asked.job_id

    # Often enough that psycopg would prepare each of the statements.
    for _ in range(8):
        assert all(await asyncio.gather(*(work() for _ in range(12))))


async def test_one_leads_at_a_time_and_leaves_nothing_behind_in_shared_sessions(
    shared: Shared, database: Database
) -> None:
    other = Database(shared.settings, Metrics(), "other")
    await other.open()
    try:
        for _ in range(5):
            async with Upkeep(database).leadership(60) as leads, Upkeep(other).leadership(60) as leads_too:
                assert (leads, leads_too) == (True, False)
                # The lead is no matter of the connections that are shared meanwhile.
                assert await database.rows("upkeep.check") == [(1,)]
            async with Upkeep(other).leadership(60) as leads:
                assert leads
        for _ in range(3 * SESSIONS):
            async with database.connection() as connection:
                cursor = await connection.execute("SHOW idle_session_timeout")
                assert await cursor.fetchone() == ("0",)
    finally:
        await other.close()


async def test_nobody_takes_a_session_past_it_to_be_woken(database: Database) -> None:
    signals = Signals(database)
    waiting = asyncio.create_task(signals.wait("face", 0.5))
    while not waiting.done():
        await signals.notify("face")
        asked = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"
        async with database.connection() as connection:
            assert await (await connection.execute(asked)).fetchone() == (0,)
        await asyncio.sleep(0.05)


async def test_a_call_to_a_database_that_is_away_fails_in_seconds_and_the_next_one_finds_it_again(
    kind: str, background: Background, own_postgres: Server, migrate: Callable[[str], None]
) -> None:
    migrate(own_postgres.url)
    for shared in _running(kind, background, own_postgres.url):
        database = Database(shared.settings, Metrics(), "tests")
        await database.open()
        await database.check()
        await asyncio.to_thread(own_postgres.kill)
        for _ in range(3):
            with pytest.raises(TemporarilyAway):
                async with asyncio.timeout(20):
                    await database.check()
        await asyncio.to_thread(own_postgres.start)
        await _until_there(database)
        await database.close()


async def _until_there(database: Database) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                return await database.check()
            except TemporarilyAway:
                await asyncio.sleep(0.1)
