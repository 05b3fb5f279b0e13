"""The task runtime over real PostgreSQL and Valkey."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest
from google.rpc import status_pb2
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from working import Make, Run, ended, raises, returns, submit

from sightline.common.errors import MediaRejected, Reason, TemporarilyAway
from sightline.common.queue import Message, Publisher
from sightline.common.state.database import Database
from sightline.common.state.jobs import Jobs, State
from sightline.common.worker import Task


async def test_a_job_is_done_and_its_result_stored(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make
) -> None:
    asked = submission()
    async with run_worker(returns(b"faces")):
        await submit(database, publisher, asked)
        job = await ended(database, asked.job_id)
    assert (job.state, job.attempt_count) == (State.SUCCEEDED, 1)
    assert [r.payload for r in await Jobs(database).results("acme", asked.job_id)] == [b"faces"]


async def test_five_hundred_jobs_are_done_once_each_by_three_workers(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make
) -> None:
    begun: list[UUID] = []

    async def handle(task: Task) -> Sequence[bytes]:
        begun.append(task.claim.job_id)
        return [task.claim.job_id.bytes]

    asked = [submission() for _ in range(500)]
    async with run_worker(handle), run_worker(handle), run_worker(handle):
        await submit(database, publisher, *asked)
        # A wake-up that comes twice wakes nobody twice.
        await publisher.publish("face", [Message(one.task_id, 5) for one in asked[:100]])
        jobs = [await ended(database, one.job_id, 30) for one in asked]
    assert {job.state for job in jobs} == {State.SUCCEEDED}
    assert sorted(begun) == sorted(one.job_id for one in asked)


async def test_work_that_may_succeed_later_is_tried_again(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make
) -> None:
    tries: list[int] = []

    async def handle(task: Task) -> Sequence[bytes]:
        tries.append(task.claim.tries)
        if len(tries) < 3:
            raise TemporarilyAway(Reason.BLOBS_UNAVAILABLE, "away", retry_after_seconds=0.01)
        return [b"at last"]

    asked = submission()
    async with run_worker(handle):
        await submit(database, publisher, asked)
        job = await ended(database, asked.job_id)
    assert (tries, job.state, job.attempt_count) == ([1, 2, 3], State.SUCCEEDED, 3)


@pytest.mark.parametrize(
    ("error", "reason", "attempts"),
    [
        (MediaRejected(Reason.MEDIA_CORRUPT, "truncated"), "MEDIA_CORRUPT", 1),
        (RuntimeError("the model fell over in /secret/place"), "INTERNAL", 2),
    ],
)
async def test_work_that_fails_says_why_and_a_fault_tells_no_secrets(
    database: Database,
    publisher: Publisher,
    run_worker: Run,
    submission: Make,
    error: Exception,
    reason: str,
    attempts: int,
) -> None:
    asked = submission(max_attempts=2)
    async with run_worker(raises(error)):
        await submit(database, publisher, asked)
        job = await ended(database, asked.job_id)
    status = status_pb2.Status.FromString(job.error or b"")
    assert (job.state, job.attempt_count) == (State.FAILED, attempts)
    assert reason.encode() in status.details[0].value
    assert "/secret" not in str(status)


async def test_a_cancellation_reaches_running_work_within_a_heartbeat(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make
) -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def handle(_task: Task) -> Sequence[bytes]:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()
        return []

    asked = submission()
    async with run_worker(handle), asyncio.timeout(40):
        await submit(database, publisher, asked)
        await begun.wait()
        await Jobs(database).cancel("acme", asked.job_id)
        async with asyncio.timeout(5):
            await stopped.wait()
    assert (await Jobs(database).get("acme", asked.job_id)).history == [1, 2, 5]


async def test_a_long_task_keeps_its_lease(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make
) -> None:
    async def handle(task: Task) -> Sequence[bytes]:
        for step in range(10):
            await asyncio.sleep(0.1)
            task.advance(step / 10)
        return [b"done"]

    asked = submission()
    async with run_worker(handle, lease_seconds=0.5):
        await submit(database, publisher, asked)
        job = await ended(database, asked.job_id)
    assert (job.history, job.attempt_count) == ([1, 2, 3], 1)


async def test_a_drain_finishes_what_runs_and_hands_back_what_waits(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make
) -> None:
    release: asyncio.Event = asyncio.Event()
    begun: list[UUID] = []

    async def handle(task: Task) -> Sequence[bytes]:
        begun.append(task.claim.job_id)
        if len(begun) > 20:
            await release.wait()
        return [b"x"]

    asked = [submission() for _ in range(60)]
    async with run_worker(handle, slots=2) as worker, asyncio.timeout(60):
        await submit(database, publisher, *asked)
        while len(begun) < 22:
            await asyncio.sleep(0.01)
        worker.stop.set()
        await asyncio.sleep(0.2)
        release.set()
    jobs = await Jobs(database).get_many("acme", [one.job_id for one in asked])
    assert {job.state for job in jobs if job.job_id in begun} == {State.SUCCEEDED}
    assert {job.state for job in jobs if job.job_id not in begun} == {State.QUEUED}
    assert {job.open_tasks for job in jobs if job.job_id not in begun} == {1}


async def test_work_that_outlasts_the_drain_is_given_to_the_next_worker(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make
) -> None:
    begun = asyncio.Event()

    async def endless(_task: Task) -> Sequence[bytes]:
        begun.set()
        await asyncio.sleep(60)
        return []

    asked = submission()
    async with run_worker(endless, drain_seconds=0.2), asyncio.timeout(40):
        await submit(database, publisher, asked)
        await begun.wait()
    assert (await Jobs(database).get("acme", asked.job_id)).state == State.QUEUED
    async with run_worker(returns(b"done")):
        job = await ended(database, asked.job_id)
    assert (job.state, job.attempt_count) == (State.SUCCEEDED, 2)


async def test_a_task_whose_message_was_lost_is_found_from_its_row(
    database: Database, run_worker: Run, submission: Make
) -> None:
    asked = submission()
    async with run_worker(returns(b"found")):
        await Jobs(database).submit([asked])
        job = await ended(database, asked.job_id)
    assert job.state == State.SUCCEEDED


async def test_the_work_continues_the_trace_of_the_submission(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make, spans: InMemorySpanExporter
) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    asked = submission(trace_context=f"00-{trace_id}-b7ad6b7169203331-01")
    async with run_worker(returns(b"x")):
        await submit(database, publisher, asked)
        await ended(database, asked.job_id)
    (span,) = spans.get_finished_spans()
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == trace_id


async def test_the_next_attempt_goes_on_from_the_checkpoint_and_repeats_no_result(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make
) -> None:
    begun: list[int] = []

    async def handle(task: Task) -> Sequence[bytes]:
        first = int(task.claim.checkpoint or b"0")
        begun.append(first)
        for frame in range(first, 6):
            await task.checkpoint(str(frame + 1).encode(), [f"frame {frame}".encode()])
            if frame == 2 and first == 0:
                raise TemporarilyAway(Reason.BLOBS_UNAVAILABLE, "away", retry_after_seconds=0.01)
        return [b"the end"]

    asked = submission()
    async with run_worker(handle):
        await submit(database, publisher, asked)
        job = await ended(database, asked.job_id)
    payloads = [r.payload.decode() for r in await Jobs(database).results("acme", asked.job_id)]
    assert (begun, job.attempt_count) == ([0, 3], 2)
    assert payloads == [*(f"frame {n}" for n in range(6)), "the end"]
