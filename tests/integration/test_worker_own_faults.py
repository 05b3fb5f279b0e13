"""What a worker does to itself: its own lost task comes back to it, its database refuses its result, a loop fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from working import Make, Run, ended, lapse, returns, submit

from sightline.common.queue import Message, Publisher
from sightline.common.state.database import Database
from sightline.common.state.jobs import Jobs, State
from sightline.common.state.tasks import Success, Tasks
from sightline.common.state.upkeep import Upkeep
from sightline.common.worker import Task
from sightline.common.worker.leases import Leases


async def test_a_worker_that_is_given_its_own_lost_task_ends_only_the_later_attempt(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make
) -> None:
    asked, begun, may_end = submission(), [asyncio.Event(), asyncio.Event()], asyncio.Event()

    async def handle(task: Task) -> Sequence[bytes]:
        begun[task.claim.attempt - 1].set()
        await may_end.wait()
        return [f"attempt {task.claim.attempt}".encode()]

    # No heartbeat comes between: the process finds out by the second claim alone.
    async with run_worker(handle, heartbeat_seconds=60, lease_seconds=60), asyncio.timeout(20):
        await submit(database, publisher, asked)
        await begun[0].wait()
        await lapse(database)
        assert len(await Upkeep(database).end_leases(b"")) == 1
        await publisher.publish("face", [Message(asked.task_id, 5)])
        await begun[1].wait()
        may_end.set()
        assert (await ended(database, asked.job_id)).state == State.SUCCEEDED
    assert [r.payload for r in await Jobs(database).results("acme", asked.job_id)] == [b"attempt 2"]


async def test_a_result_that_the_database_refuses_fails_its_job_and_holds_up_no_other(
    database: Database, run_worker: Run, submission: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [submission() for _ in range(10)]
    bad = asked[3].task_id
    complete = Tasks.complete

    async def refuse(self: Tasks, successes: Sequence[Success]) -> object:
        if any(one.task_id == bad for one in successes):
            raise ValueError("no such row could ever be stored")
        return await complete(self, successes)

    monkeypatch.setattr(Tasks, "complete", refuse)

    async with run_worker(returns(b"done"), poll_seconds=0.2):
        await Jobs(database).submit(asked)
        states = [(await ended(database, one.job_id)).state for one in asked]
    assert states == [State.FAILED if one.task_id == bad else State.SUCCEEDED for one in asked]


async def test_a_worker_whose_heartbeat_fails_for_good_ends_instead_of_seeming_to_work(
    run_worker: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_self: Leases) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Leases, "keep", fail)
    with pytest.raises(ZeroDivisionError):
        async with run_worker(returns()) as worker, asyncio.timeout(10):
            await asyncio.wait({worker.running})
