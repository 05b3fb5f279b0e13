"""Ends that meet another change in the same moment: a transaction that is held open here stands for the other one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sightline.common.errors import Reason, SightlineError
from sightline.common.state.database import Database
from sightline.common.state.graphs import NewTask, Step, _step
from sightline.common.state.identifiers import uuid7
from sightline.common.state.jobs import Jobs, State, Submission
from sightline.common.state.tasks import Tasks
from sightline.common.state.upkeep import Upkeep

Make = Callable[..., Submission]


async def waits_for_another(database: Database) -> None:
    """Wait until a statement waits for a row that another transaction has changed."""
    async with asyncio.timeout(20):
        while not (await _waiting(database)):
            await asyncio.sleep(0.01)


async def _waiting(database: Database) -> int:
    async with database.connection() as connection:
        cursor = await connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        (row,) = await cursor.fetchall()
    return int(row[0])


@asynccontextmanager
async def while_it_plans(database: Database, asked: Submission) -> AsyncIterator[None]:
    """Let the only task of a job end and plan two others; what the block begins meets the change half made."""
    (root,) = await Tasks(database).claim([asked.task_id], "w", 30)
    planned = (NewTask(uuid7(), "face", "first"), NewTask(uuid7(), "face", "second"))
    async with database.connection() as connection, connection.transaction():
        await _step(connection, Step(root.task_id, root.claim_id, planned=planned))
        yield


async def meanwhile(database: Database, asked: Submission, ending: Awaitable[Any]) -> Any:
    """Begin to end a job while it plans, and give what came of it."""
    async with while_it_plans(database, asked):
        begun = asyncio.ensure_future(ending)
        await waits_for_another(database)
    return await begun


async def live_tasks(database: Database) -> int:
    """Count the tasks that wait, run or are blocked."""
    async with database.connection() as connection:
        cursor = await connection.execute("SELECT count(*) FROM tasks WHERE state <= 2")
        (row,) = await cursor.fetchall()
    return int(row[0])


async def test_a_job_that_is_cancelled_while_it_plans_leaves_none_of_what_it_planned(
    database: Database, submission: Make
) -> None:
    asked = submission()
    await Jobs(database).submit([asked])
    job = await meanwhile(database, asked, Jobs(database).cancel("acme", asked.job_id))
    assert (job.state, job.open_tasks) == (State.CANCELLED, 0)
    assert await live_tasks(database) == 0


async def test_a_job_that_is_late_while_it_plans_leaves_none_of_what_it_planned(
    database: Database, submission: Make
) -> None:
    asked = submission(deadline_time=datetime.now(UTC) - timedelta(seconds=1))
    await Jobs(database).submit([asked])
    (ended,) = await meanwhile(database, asked, Upkeep(database).end_overdue(b"too late"))
    assert (ended.job_id, ended.state) == (asked.job_id, State.FAILED)
    assert await live_tasks(database) == 0


async def test_who_cancels_what_another_joins_at_the_same_moment_is_refused_and_nothing_stops(
    database: Database, submission: Make
) -> None:
    asked = submission(work_sha256=b"work")
    await Jobs(database).submit([asked])
    etag = (await Jobs(database).get("acme", asked.job_id)).etag
    async with database.connection() as connection, connection.transaction():
        await connection.execute("UPDATE jobs SET shares = shares + 1 WHERE job_id = %s", [asked.job_id])
        cancelling = asyncio.ensure_future(Jobs(database).cancel("acme", asked.job_id, etag))
        await waits_for_another(database)
    with pytest.raises(SightlineError) as refused:
        await cancelling
    assert refused.value.reason is Reason.ETAG_MISMATCH
    assert (await Jobs(database).get("acme", asked.job_id)).state == State.QUEUED
    assert await live_tasks(database) == 1
