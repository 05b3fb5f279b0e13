"""Housekeeping: one gateway leads, each duty is done, and every absence is survived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.request import urlopen
from uuid import UUID, uuid4

import pytest
import redis.asyncio as aioredis
from google.rpc import error_details_pb2

from sightline.common.blobs import open_blobs
from sightline.common.queue import Consumer, Publisher
from sightline.common.state.database import Database
from sightline.common.state.jobs import Jobs, Submission
from sightline.common.state.media import MediaFiles
from sightline.common.state.upkeep import Upkeep
from sightline.common.telemetry import Metrics
from sightline.gateway.duties import Duty
from sightline.gateway.housekeeping import Housekeeping
from sightline.gateway.settings import Settings
from sightline.standalone.ports import Ports
from sightline.v1 import job_pb2, job_service_pb2 as api

Wanted = Callable[..., api.CreateJobRequest]
Make = Callable[..., Submission]


@pytest.fixture
def unused_port() -> int:
    """A port that nobody has."""
    return Ports().take()


@pytest.fixture
async def queue(settings: Settings) -> AsyncIterator[Consumer]:
    """The consuming end of the queue of faces."""
    consumer = Consumer(settings.redis, "face")
    yield consumer
    await consumer.close()


async def until(done: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    """Wait until something has become true."""
    async with asyncio.timeout(seconds):
        while not await done():
            await asyncio.sleep(0.02)


async def popped(queue: Consumer, count: int) -> set[UUID]:
    """Take the messages of that many tasks, however long they take to come."""
    taken: set[UUID] = set()
    async with asyncio.timeout(20):
        while len(taken) < count:
            taken.update(await queue.pop(1000, 0.2) or [])
    return taken


async def test_what_was_stored_but_never_published_is_published(
    start: Any, database: Database, submission: Make, queue: Consumer
) -> None:
    # As a gateway leaves it that is killed between the commit and the message.
    doomed = [submission(published=False), submission(published=True)]
    await Jobs(database).submit(doomed)
    await start()
    assert await popped(queue, 2) == {one.task_id for one in doomed}


async def test_what_redis_lost_is_published_again(
    client: Any, wanted: Wanted, queue: Consumer, settings: Settings
) -> None:
    for _ in range(20):
        await client("CreateJob", wanted())
    popped_by_the_killed = await popped(queue, 20)
    assert await popped(queue, 20) == popped_by_the_killed
    async with aioredis.Redis.from_url(settings.redis.url.get_secret_value()) as server:
        await server.flushdb()
    assert await popped(queue, 20) == popped_by_the_killed


async def test_a_backlog_waits_in_postgresql_and_flows_through_the_window(
    start: Any, call: Any, wanted: Wanted, queue: Consumer, settings: Settings
) -> None:
    narrow = settings.jobs.model_copy(update={"window": 10})
    client = await call(await start(settings.model_copy(update={"jobs": narrow})))
    answer = await client("BatchCreateJobs", api.BatchCreateJobsRequest(requests=[wanted()] * 100))
    assert len(answer.items) == 100
    await asyncio.sleep(0.3)
    publisher = Publisher(settings.redis, Metrics())
    assert (await publisher.length("face") or 0) <= 20
    await publisher.close()


async def test_the_most_urgent_of_a_backlog_comes_first(
    start: Any, database: Database, submission: Make, queue: Consumer, settings: Settings
) -> None:
    backlog = [submission(published=False, priority=1) for _ in range(30)]
    urgent = submission(published=False, priority=10)
    await Jobs(database).submit([*backlog, urgent])
    narrow = settings.jobs.model_copy(update={"window": 5})
    await start(settings.model_copy(update={"jobs": narrow}))
    assert await queue.pop(1, 5.0) == [urgent.task_id]


async def test_a_silent_worker_loses_its_task_and_the_watchers_hear_of_it(
    client: Any, wanted: Wanted, hand: Any, queue: Consumer
) -> None:
    job = await client("CreateJob", wanted())
    watch = client.watch(job.name)
    await watch.read()
    claim = await hand.claim(job.name, lease_seconds=0.2)
    assert (await watch.read()).job.state == job_pb2.Job.STATE_RUNNING
    assert (await asyncio.wait_for(watch.read(), 10)).job.state == job_pb2.Job.STATE_QUEUED
    assert await popped(queue, 1) == {claim.task_id}


async def test_a_task_whose_last_attempt_went_silent_fails_with_its_reason(
    start: Any, call: Any, wanted: Wanted, hand: Any, settings: Settings, unused_port: int
) -> None:
    once = settings.jobs.model_copy(update={"max_attempts": 1})
    telemetry = settings.telemetry.model_copy(update={"metrics_port": unused_port})
    client = await call(await start(settings.model_copy(update={"jobs": once, "telemetry": telemetry})))
    counters = (
        'sightline_tasks_lost_total{queue="face"}',
        'sightline_tasks_failed_total{queue="face",reason="ATTEMPTS_EXHAUSTED"}',
    )
    before = await asyncio.to_thread(_page, unused_port)
    assert all(f"{counter} 0.0" in before for counter in counters)
    job = await client("CreateJob", wanted())
    await hand.claim(job.name, lease_seconds=0.05)

    async def failed() -> bool:
        return bool((await client("GetJob", api.GetJobRequest(name=job.name))).state == job_pb2.Job.STATE_FAILED)

    await until(failed)
    error = (await client("GetJob", api.GetJobRequest(name=job.name))).error
    info = error_details_pb2.ErrorInfo()
    assert error.details[0].Unpack(info)
    assert info.reason == "ATTEMPTS_EXHAUSTED"
    after = await asyncio.to_thread(_page, unused_port)
    assert all(f"{counter} 1.0" in after for counter in counters)


async def test_what_has_expired_is_purged(
    client: Any, wanted: Wanted, hand: Any, database: Database, add_media: Any, settings: Settings
) -> None:
    kept, expired = [await client("CreateJob", wanted(str(uuid4()))) for _ in range(2)]
    await hand.complete(await hand.claim(expired.name), job_pb2.JobResult(detect_faces={}))
    old_media = await add_media()
    blobs = await open_blobs(settings.blobs, Metrics())
    await blobs.put_bytes(f"blob/{old_media.removeprefix('media/')}", b"old")
    files, upload_id = MediaFiles(database), uuid4()
    await files.begin_upload("acme", upload_id, "broken off", None, None)
    async with database.connection() as connection:
        # Only now, when its bytes are there: a purge between the row and the bytes would leave them.
        sql = "UPDATE media SET expire_time = now() - interval '1 day' WHERE media_id = %s"
        await connection.execute(sql, [old_media.removeprefix("media/")])
        await connection.execute("UPDATE jobs SET expire_time = now() - interval '1 day'")
        await connection.execute("UPDATE idempotency SET create_time = now() - interval '2 days'")
        await connection.execute("UPDATE uploads SET update_time = now() - interval '2 days'")

    async def purged() -> bool:
        async with database.connection() as connection:
            cursor = await connection.execute(
                "SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM results), (SELECT count(*) FROM media),"
                " (SELECT count(*) FROM uploads), (SELECT count(*) FROM idempotency)"
            )
            # A job that has not ended does not expire.
            return await cursor.fetchone() == (1, 0, 1, 0, 0)

    await until(purged)
    await client("GetJob", api.GetJobRequest(name=kept.name))

    async def bytes_gone() -> bool:
        return not await blobs.exists(f"blob/{old_media.removeprefix('media/')}")

    await until(bytes_gone)


async def test_the_leader_exports_the_depth_of_the_queue_and_what_its_duties_did(
    start: Any, call: Any, wanted: Wanted, hand: Any, settings: Settings, unused_port: int
) -> None:
    telemetry = settings.telemetry.model_copy(update={"metrics_port": unused_port})
    client = await call(await start(settings.model_copy(update={"telemetry": telemetry})))
    for _ in range(3):
        await client("CreateJob", wanted())
    await hand.claim()

    async def shown(line: str) -> bool:
        page = await asyncio.to_thread(_page, unused_port)
        return line in page

    await until(lambda: shown('sightline_queue_depth{queue="face"} 3.0'))
    assert await shown("sightline_leads 1.0")
    for duty in (
        "end_leases",
        "refill",
        "export_depths",
        "purge_jobs",
        "purge_request_ids",
        "purge_media",
        "purge_uploads",
    ):
        assert await shown(f'sightline_duty_seconds_count{{duty="{duty}",outcome="done"}}')


async def test_another_takes_the_lead_over_when_the_leader_stops_or_its_connection_dies(database: Database) -> None:
    ran: dict[str, int] = {"first": 0, "second": 0}

    def keeper(name: str) -> Housekeeping:
        async def run() -> bool:
            ran[name] += 1
            return False

        return Housekeeping(
            Upkeep(database), [Duty("count", 0.01, run)], Metrics(), contend_seconds=0.05, term_seconds=0.3
        )

    first, second = keeper("first"), keeper("second")
    first.start()

    async def runs(name: str, more_than: int) -> bool:
        return ran[name] > more_than

    await until(lambda: runs("first", 3))
    second.start()
    await asyncio.sleep(0.1)
    before = dict(ran)
    async with database.connection() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        )
    await asyncio.sleep(1.0)
    assert sum(ran.values()) > sum(before.values())
    await first.stop()
    before = dict(ran)
    await until(lambda: runs("second", before["second"] + 3))
    assert ran["first"] == before["first"]
    await second.stop()


async def test_a_duty_that_fails_is_counted_and_keeps_no_other_from_its_own(database: Database) -> None:
    metrics, ran = Metrics(), []

    async def fail() -> bool:
        raise ValueError("broken")

    async def work() -> bool:
        ran.append(1)
        return False

    duties = [Duty("fail", 0.01, fail), Duty("work", 0.01, work)]
    keeper = Housekeeping(Upkeep(database), duties, metrics, contend_seconds=0.05, term_seconds=60)
    keeper.start()

    async def ran_often() -> bool:
        return len(ran) > 5

    await until(ran_often)
    await keeper.stop()
    failures = metrics.registry.get_sample_value("sightline_duty_seconds_count", {"duty": "fail", "outcome": "failed"})
    assert failures is not None
    assert failures > 2
    assert metrics.registry.get_sample_value("sightline_leads") == 0


def _page(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        return str(page.read().decode())
