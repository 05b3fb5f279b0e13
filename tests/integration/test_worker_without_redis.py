"""The runtime while Redis is away: PostgreSQL wakes it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from servers import Server
from working import Make, Run, ended, returns

from sightline.common.state.database import Database
from sightline.common.state.graphs import NewTask
from sightline.common.state.identifiers import uuid7
from sightline.common.state.jobs import Jobs, State
from sightline.common.state.signals import Signals
from sightline.common.worker import Outcome, Task, runtime


async def test_a_worker_without_redis_is_woken_through_the_database(
    database: Database, own_valkey: Server, run_worker: Run, submission: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "_AWAY_SECONDS", 600.0)  # nothing but a wake-up makes it look again
    own_valkey.kill()
    async with run_worker(returns(b"done"), drain_seconds=0.1, redis_url=own_valkey.url):
        for _ in range(10):
            await listening(database)
            asked = submission()
            await Jobs(database).submit([asked])
            await Signals(database).notify("face")
            assert (await ended(database, asked.job_id)).state == State.SUCCEEDED


async def test_a_worker_without_redis_wakes_the_workers_of_what_became_ready(
    database: Database, own_valkey: Server, run_worker: Run, submission: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handle(task: Task) -> Sequence[bytes] | Outcome:
        return [b"joined"] if task.claim.stage else Outcome(planned=[NewTask(uuid7(), "face", "second")])

    monkeypatch.setattr(runtime, "_AWAY_SECONDS", 600.0)
    own_valkey.kill()
    async with run_worker(handle, drain_seconds=0.1, redis_url=own_valkey.url):
        await listening(database)
        asked = submission()
        await Jobs(database).submit([asked])
        await Signals(database).notify("face")
        assert (await ended(database, asked.job_id)).state == State.SUCCEEDED


async def listening(database: Database) -> None:
    """Wait until a worker waits for a wake-up of the database."""
    asked = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN %%' AND datname = current_database()"
    async with asyncio.timeout(40), database.connection() as connection:
        while not await (await connection.execute(asked)).fetchall():
            await asyncio.sleep(0.02)
