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


async def test_with_a_single_slot_the_others_do_not_wait_for_all_of_them(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make
) -> None:
    suspects, fresh, order = await lost(database, submission, 12), [submission() for _ in range(12)], list[UUID]()

    async def handle(task: Task) -> Sequence[bytes]:
        order.append(task.claim.job_id)
        await asyncio.sleep(SECONDS)
        return []

    await submit(database, publisher, *fresh)
    async with run_worker(handle, slots=1):
        for one in (*suspects, *fresh):
            await ended(database, one.job_id)
    others = {one.job_id for one in fresh}
    assert len(order) == 24
    assert others & set(order[:4])
    assert others - set(order[:12])


async def test_a_drain_while_some_wait_leaves_them_to_the_next_worker(
    database: Database, run_worker: Run, submission: Make
) -> None:
    suspects, begun, release = await lost(database, submission, 3), list[UUID](), asyncio.Event()

    async def handle(task: Task) -> Sequence[bytes]:
        begun.append(task.claim.job_id)
        await release.wait()
        return []

    async with run_worker(handle, slots=2) as worker, asyncio.timeout(30):
        while not begun:
            await asyncio.sleep(0.01)
        worker.stop.set()
        await asyncio.sleep(0.2)
        release.set()
    standing = {one.job_id: (one.state, one.attempt_count) for one in await Jobs(database).find("acme", ids(suspects))}
    assert standing.pop(begun[0]) == (State.SUCCEEDED, 2)
    assert set(standing.values()) == {(State.QUEUED, 1)}
    async with run_worker(returns(b"done")):
        assert {(await ended(database, one)).attempt_count for one in ids(suspects)} == {2}


async def test_one_whose_lease_is_lost_before_it_begins_makes_room_for_the_next(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make
) -> None:
    brief, long = [submission() for _ in range(20)], submission()
    suspects, begun, release = await lost(database, submission, 2), list[UUID](), asyncio.Event()
    await set_aside(database, suspects)

    async def handle(task: Task) -> Sequence[bytes]:
        begun.append(task.claim.job_id)
        if task.claim.job_id == long.job_id:
            await release.wait()
        return []

    async with run_worker(handle, slots=1), asyncio.timeout(40):
        await submit(database, publisher, *brief)
        for one in brief:
            await ended(database, one.job_id)
        await submit(database, publisher, long)
        while begun[-1] != long.job_id:
            await asyncio.sleep(0.01)
        # The only slot is taken, and brief tasks are claimed ahead: one of these waits in the worker.
        await set_aside(database, suspects, seconds=0)
        first = await claimed(database, suspects)
        await take_over(database, first)
        second = await claimed(database, [one for one in suspects if one is not first])
        release.set()
        assert (await ended(database, second.job_id)).attempt_count == 2
    assert first.job_id not in begun
    assert begun.count(second.job_id) == 1


async def test_a_worker_that_is_given_back_what_it_has_lost_goes_on_with_the_others_afterwards(
    database: Database, run_worker: Run, submission: Make
) -> None:
    suspects, begun = await lost(database, submission, 3), list[UUID]()

    async def handle(task: Task) -> Sequence[bytes]:
        begun.append(task.claim.job_id)
        await asyncio.sleep(60 if len(begun) == 1 else 0)
        return []

    async with run_worker(handle, slots=2), asyncio.timeout(40):
        while not begun:
            await asyncio.sleep(0.01)
        (first,) = [one for one in suspects if one.job_id == begun[0]]
        await take_back(database, first)
        jobs = [await ended(database, one.job_id) for one in suspects]
    assert {job.state for job in jobs} == {State.SUCCEEDED}
    assert sorted(job.attempt_count for job in jobs) == [2, 2, 3]
    assert len(begun) == 4


def ids(asked: Sequence[Submission]) -> list[UUID]:
    return [one.job_id for one in asked]


async def set_aside(database: Database, asked: Sequence[Submission], seconds: float = 3600) -> None:
    """Let tasks wait for so long from now on."""
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE tasks SET ready_time = now() + %s * interval '1 second' WHERE job_id = ANY (%s)",
            (seconds, ids(asked)),
        )


async def claimed(database: Database, asked: Sequence[Submission]) -> Submission:
    """Wait until one of the jobs is somebody's."""
    while True:
        running = {one.job_id for one in await Jobs(database).find("acme", ids(asked)) if one.state == State.RUNNING}
        if found := next((one for one in asked if one.job_id in running), None):
            return found
        await asyncio.sleep(0.02)


async def take_back(database: Database, asked: Submission) -> None:
    """Take a task from its worker, as if that had slept past the lease."""
    ended_leases = 0
    while not ended_leases:  # it may renew it in between
        async with database.connection() as connection:
            await connection.execute(
                "UPDATE tasks SET lease_time = now() - interval '1 second' WHERE task_id = %s", (asked.task_id,)
            )
        ended_leases = len(await Upkeep(database).end_leases(b""))
    assert ended_leases == 1


async def take_over(database: Database, asked: Submission) -> None:
    """Let another worker have a task, at a stroke: as if this one had slept past its lease."""
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE tasks SET attempt = attempt + 1, claim_id = gen_random_uuid(), worker = 'another',"
            " lease_time = now() + interval '1 minute' WHERE task_id = %s AND state = 2",
            (asked.task_id,),
        )


async def test_one_that_fails_by_itself_is_no_longer_suspected(database: Database, submission: Make) -> None:
    tasks = Tasks(database)
    (asked,) = await lost(database, submission, 1)
    (claim,) = await tasks.claim([asked.task_id], "w", 60, lost=True)
    await tasks.fail([Failure(asked.task_id, claim.claim_id, True, 0.0, b"")])
    assert await tasks.lost("face", 8) == []
    assert await tasks.waiting("face", 8) == [asked.task_id]
