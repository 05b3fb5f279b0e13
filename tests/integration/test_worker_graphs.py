"""Jobs of several tasks in the runtime: fan-out, join, and stages that fail."""

from __future__ import annotations

from collections.abc import Sequence

from google.rpc import status_pb2
from working import Make, Run, ended, submit

from sightline.common.errors import MediaRejected, Reason
from sightline.common.queue import Publisher
from sightline.common.state.database import Database
from sightline.common.state.graphs import Graphs, NewTask
from sightline.common.state.identifiers import uuid7
from sightline.common.state.jobs import Jobs, State
from sightline.common.worker import Outcome, Task


async def test_a_job_fans_out_and_joins_again(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make
) -> None:
    async def handle(task: Task) -> Sequence[bytes] | Outcome:
        if task.claim.stage == "part":
            return Outcome(results=[task.claim.input or b""], output=(task.claim.input or b"").upper())
        if task.claim.stage == "join":
            return [b"+".join(one.output or b"-" for one in await task.needed())]
        parts = [NewTask(uuid7(), "face", "part", letter.encode()) for letter in "abc"]
        return Outcome(planned=[*parts, NewTask(uuid7(), "face", "join", needs=tuple(p.task_id for p in parts))])

    asked = submission()
    async with run_worker(handle, slots=3):
        await submit(database, publisher, asked)
        job = await ended(database, asked.job_id)
    payloads = [r.payload for r in await Jobs(database).results("acme", asked.job_id)]
    assert (job.state, job.history, job.open_tasks, job.result_count) == (State.SUCCEEDED, [1, 2, 3], 0, 4)
    assert (sorted(payloads[:3]), payloads[3]) == ([b"a", b"b", b"c"], b"A+B+C")
    stages = {one.stage: (one.tasks, one.ended) for one in await Graphs(database).stages("acme", asked.job_id)}
    assert stages == {"": (1, 1), "part": (3, 3), "join": (1, 1)}


async def test_an_optional_stage_that_is_given_up_does_not_lose_the_others(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make
) -> None:
    reasons: list[bytes | None] = []

    async def handle(task: Task) -> Sequence[bytes] | Outcome:
        match task.claim.stage:
            case "transcript":
                raise MediaRejected(Reason.MEDIA_CORRUPT, "no sound")
            case "slides":
                return Outcome(output=b"slides")
            case "document":
                left = await task.needed()
                reasons.extend(one.error for one in left)
                return [b",".join(one.output or b"none" for one in left)]
        slides = NewTask(uuid7(), "face", "slides")
        transcript = NewTask(uuid7(), "face", "transcript", optional=True)
        needs = (slides.task_id, transcript.task_id)
        return Outcome(planned=[slides, transcript, NewTask(uuid7(), "face", "document", needs=needs)])

    asked = submission()
    async with run_worker(handle):
        await submit(database, publisher, asked)
        job = await ended(database, asked.job_id)
    assert job.state == State.SUCCEEDED
    assert [r.payload for r in await Jobs(database).results("acme", asked.job_id)] == [b"slides,none"]
    assert reasons[0] is None
    assert "no sound" in status_pb2.Status.FromString(reasons[1] or b"").message


async def test_a_stage_that_must_not_fail_ends_the_job_and_what_waits_for_it(
    database: Database, publisher: Publisher, run_worker: Run, submission: Make
) -> None:
    async def handle(task: Task) -> Sequence[bytes] | Outcome:
        if task.claim.stage:
            raise MediaRejected(Reason.MEDIA_CORRUPT, "broken")
        first = NewTask(uuid7(), "face", "first")
        return Outcome(planned=[first, NewTask(uuid7(), "face", "second", needs=(first.task_id,))])

    asked = submission()
    async with run_worker(handle):
        await submit(database, publisher, asked)
        job = await ended(database, asked.job_id)
    assert (job.state, job.open_tasks) == (State.FAILED, 0)
    stages = {one.stage: one.state for one in await Graphs(database).stages("acme", asked.job_id)}
    assert stages == {"": State.SUCCEEDED, "first": State.FAILED, "second": State.CANCELLED}
