"""What a worker does to itself: its own lost task comes back to it, its database refuses its result, a loop fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from opentelemetry.trace import NoOpTracerProvider
from pydantic import SecretStr

from sightline.common.queue import Message, Publisher
from sightline.common.settings import RedisSettings, WorkerSettings
from sightline.common.state.database import Database
from sightline.common.state.jobs import Jobs, State, Submission
from sightline.common.state.tasks import Success, Tasks
from sightline.common.state.upkeep import Upkeep
from sightline.common.telemetry.metrics import Metrics
from sightline.common.worker import Handler, Task, open_worker
from sightline.common.worker.backoff import Backoff
from sightline.common.worker.leases import Leases

Make = Callable[..., Submission]


@pytest.fixture
def redis(redis_url: str) -> RedisSettings:
    return RedisSettings(url=SecretStr(redis_url))


@asynccontextmanager
async def working(
    database: Database, redis: RedisSettings, handler: Handler, **settings: float
) -> AsyncIterator[asyncio.Task[None]]:
    """A worker while the block runs; its end is awaited by the block or drained behind it."""
    async with open_worker(
        "face",
        {"detect_faces": handler},
        settings=WorkerSettings(**{"poll_seconds": 0.2, **settings}),
        redis=redis,
        database=database,
        metrics=Metrics(),
        tracing=NoOpTracerProvider(),
        backoff=Backoff(0.05, 0.1),
    ) as worker:
        stop = asyncio.Event()
        running = asyncio.create_task(worker.run_until(stop, 5))
        yield running
        stop.set()
        await asyncio.wait({running})


async def ended(database: Database, asked: Submission) -> State:
    async with asyncio.timeout(20):
        while not (state := State((await Jobs(database).get("acme", asked.job_id)).state)).terminal:
            await asyncio.sleep(0.02)
    return state


async def test_a_worker_that_is_given_its_own_lost_task_ends_only_the_later_attempt(
    database: Database, redis: RedisSettings, submission: Make
) -> None:
    asked, begun, may_end = submission(), [asyncio.Event(), asyncio.Event()], asyncio.Event()

    async def handle(task: Task) -> Sequence[bytes]:
        begun[task.claim.attempt - 1].set()
        await may_end.wait()
        return [f"attempt {task.claim.attempt}".encode()]

    # No heartbeat comes between: the process finds out by the second claim alone.
    async with working(database, redis, handle, heartbeat_seconds=60), asyncio.timeout(20):
        publisher = Publisher(redis, Metrics())
        await Jobs(database).submit([asked])
        await publisher.publish("face", [Message(asked.task_id, 5)])
        await begun[0].wait()
        async with database.connection() as connection:
            await connection.execute("UPDATE tasks SET lease_time = now() - interval '1 second'")
        assert len(await Upkeep(database).end_leases(b"")) == 1
        await publisher.publish("face", [Message(asked.task_id, 5)])
        await begun[1].wait()
        may_end.set()
        assert await ended(database, asked) == State.SUCCEEDED
        await publisher.close()
    assert [r.payload for r in await Jobs(database).results("acme", asked.job_id)] == [b"attempt 2"]


async def test_a_result_that_the_database_refuses_fails_its_job_and_holds_up_no_other(
    database: Database, redis: RedisSettings, submission: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [submission() for _ in range(10)]
    bad = asked[3].task_id
    complete = Tasks.complete

    async def refuse(self: Tasks, successes: Sequence[Success]) -> object:
        if any(one.task_id == bad for one in successes):
            raise ValueError("no such row could ever be stored")
        return await complete(self, successes)

    monkeypatch.setattr(Tasks, "complete", refuse)

    async def handle(_task: Task) -> Sequence[bytes]:
        return [b"done"]

    async with working(database, redis, handle):
        await Jobs(database).submit(asked)
        states = [await ended(database, one) for one in asked]
    assert states == [State.FAILED if one.task_id == bad else State.SUCCEEDED for one in asked]


async def test_a_worker_whose_heartbeat_fails_for_good_ends_instead_of_seeming_to_work(
    database: Database, redis: RedisSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_self: Leases) -> None:
        raise ZeroDivisionError

    async def handle(_task: Task) -> Sequence[bytes]:
        return []

    monkeypatch.setattr(Leases, "keep", fail)
    async with working(database, redis, handle) as running:
        async with asyncio.timeout(10):
            await asyncio.wait({running})
        assert isinstance(running.exception(), ZeroDivisionError)
