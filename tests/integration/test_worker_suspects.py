"""Tasks whose last worker went silent: tried one at a time, beside the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from servers import Server
from working import Make, Run, ended, lapse, returns, submit

from sightline.common.queue import Publisher
from sightline.common.state.database import Database
from sightline.common.state.jobs import Jobs, State, Submission
from sightline.common.state.tasks import Failure, Tasks
from sightline.common.state.upkeep import Upkeep
from sightline.common.worker import Task

SECONDS = 0.05


async def lost(database: Database, submission: Callable[..., Submission], count: int) -> list[Submission]:
    """Jobs whose worker went silent at their first attempt."""
    asked = [submission() for _ in range(count)]
    await Jobs(database).submit(asked)
    await Tasks(database).claim([one.task_id for one in asked], "one that dies", 60)
    await lapse(database)
    assert len(await Upkeep(database).end_leases(b"")) == count
    return asked


class Beside:
    """A handler that counts how many of some tasks, and of all, it has seen at once."""

    def __init__(self, watched: Sequence[Submission]) -> None:
        self._watched = {one.task_id for one in watched}
        self._running: set[UUID] = set()
        self.most_watched = 0
        self.most = 0

    async def handle(self, task: Task) -> Sequence[bytes]:
        self._running.add(task.claim.task_id)
        self.most = max(self.most, len(self._running))
        self.most_watched = max(self.most_watched, len(self._running & self._watched))
        await asyncio.sleep(SECONDS)
        self._running.discard(task.claim.task_id)
        return []


async def test_they_are_tried_one_at_a_time_and_the_others_beside_them(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make
) -> None:
    suspects, fresh = await lost(database, submission, 6), [submission() for _ in range(60)]
    beside = Beside(suspects)
    async with run_worker(beside.handle, slots=4):
        await submit(database, publisher, *fresh)
        jobs = [await ended(database, one.job_id) for one in (*suspects, *fresh)]
    assert {job.state for job in jobs} == {State.SUCCEEDED}
    assert [job.attempt_count for job in jobs[:6]] == [2] * 6
    assert (beside.most_watched, beside.most) == (1, 4)


async def test_the_next_begins_when_the_one_before_has_ended(
    database: Database, run_worker: Run, submission: Make
) -> None:
    suspects = await lost(database, submission, 40)
    # Nothing comes, and the rows are looked into once an hour: they would take that long if each waited for it.
    async with run_worker(returns(b"done"), poll_seconds=3600), asyncio.timeout(40):
        jobs = [await ended(database, one.job_id) for one in suspects]
    assert {job.state for job in jobs} == {State.SUCCEEDED}


async def test_two_workers_share_them(database: Database, run_worker: Run, submission: Make) -> None:
    suspects = await lost(database, submission, 12)
    first, second = Beside(suspects), Beside(suspects)
    async with run_worker(first.handle), run_worker(second.handle):
        for one in suspects:
            await ended(database, one.job_id)
    assert (first.most, second.most) == (1, 1)


async def test_they_are_tried_without_redis_too(
    database: Database, own_valkey: Server, run_worker: Run, submission: Make
) -> None:
    own_valkey.kill()
    async with run_worker(returns(b"done"), redis_url=own_valkey.url):
        (asked,) = await lost(database, submission, 1)
        assert (await ended(database, asked.job_id)).state == State.SUCCEEDED


async def test_one_that_fails_by_itself_is_no_longer_suspected(database: Database, submission: Make) -> None:
    tasks = Tasks(database)
    (asked,) = await lost(database, submission, 1)
    (claim,) = await tasks.claim([asked.task_id], "w", 60, lost=True)
    await tasks.fail([Failure(asked.task_id, claim.claim_id, True, 0.0, b"")])
    assert await tasks.lost("face", 8) == []
    assert await tasks.waiting("face", 8) == [asked.task_id]
