"""WatchJob: every change once, in order, over restarts and without Redis."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest
from pydantic import SecretStr
from servers import Server

from sightline.common.errors import InvalidRequest, Reason
from sightline.common.queue import sequence
from sightline.common.rpc import from_rpc_error
from sightline.common.settings import RedisSettings
from sightline.common.state.database import Database
from sightline.gateway.main import gateway
from sightline.gateway.settings import Settings
from sightline.v1 import job_pb2, job_service_pb2 as api

QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED = 1, 2, 3, 4, 5
Wanted = Callable[..., api.CreateJobRequest]


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the statements of all databases of this process, by name."""
    counted: Counter[str] = Counter()
    note = Database._note

    def counting(self: Database, name: str, seconds: float) -> None:
        counted[name] += 1
        note(self, name, seconds)

    monkeypatch.setattr(Database, "_note", counting)
    return counted


async def events(watch: Any) -> list[job_pb2.JobEvent]:
    """Each event until the stream ends."""
    told: list[job_pb2.JobEvent] = []
    while (event := await watch.read()) is not grpc.aio.EOF:
        told.append(event)
    return told


async def rest(watch: Any) -> list[tuple[int, float]]:
    """(state, progress) of each event until the stream ends."""
    return [(event.job.state, round(event.job.progress, 2)) for event in await events(watch)]


async def test_a_watcher_is_told_each_change_and_the_stream_ends_with_the_job(
    client: Any, wanted: Wanted, hand: Any
) -> None:
    job = await client("CreateJob", wanted())
    watch = client.watch(job.name)
    first = await watch.read()
    assert (first.sequence, first.job) == (sequence(1, 0.0), job)
    claim = await hand.claim(job.name)
    assert (await watch.read()).job.state == RUNNING
    await hand.progress(claim, 0.25)
    assert (await watch.read()).job.progress == 0.25
    await hand.progress(claim, 0.75)
    assert (await watch.read()).sequence == sequence(2, 0.75)
    await hand.complete(claim, job_pb2.JobResult(detect_faces={}))
    last = await watch.read()
    assert (last.job.state, last.job.result_count, last.sequence) == (SUCCEEDED, 1, sequence(3, 1.0))
    assert await watch.read() is grpc.aio.EOF


async def test_what_a_worker_tells_need_not_be_read_and_is_the_same_as_the_row(
    client: Any, wanted: Wanted, hand: Any, statements: Counter[str]
) -> None:
    job = await client("CreateJob", wanted())
    watch = client.watch(job.name)
    await watch.read()
    await asyncio.sleep(0.5)  # the gateway listens now, and has made sure that it missed nothing before
    statements.clear()
    claim = await hand.claim(job.name)
    running = await watch.read()
    assert statements["jobs.by_id"] == 0
    assert running.job == await client("GetJob", api.GetJobRequest(name=job.name))
    statements.clear()
    await hand.complete(claim, job_pb2.JobResult(detect_faces={}))
    last = await watch.read()
    assert statements["jobs.by_id"] == 0
    assert last.job == await client("GetJob", api.GetJobRequest(name=job.name))


async def test_a_watcher_of_shared_work_is_told_what_the_others_have_changed(
    client: Any, wanted: Wanted, hand: Any
) -> None:
    job = await client("CreateJob", wanted(force=False))
    watch = client.watch(job.name)
    await watch.read()
    claim = await hand.claim(job.name)
    await watch.read()
    await client("CreateJob", wanted(force=False))
    await hand.complete(claim, job_pb2.JobResult(detect_faces={}))
    last = await watch.read()
    assert last.job == await client("GetJob", api.GetJobRequest(name=job.name))


async def test_progress_that_falls_back_or_repeats_is_not_told(client: Any, wanted: Wanted, hand: Any) -> None:
    job = await client("CreateJob", wanted())
    claim = await hand.claim(job.name)
    watch = client.watch(job.name)
    await watch.read()
    for share in (0.5, 0.5, 0.4):
        await hand.progress(claim, share)
        await asyncio.sleep(0.02)
    await hand.complete(claim)
    assert await rest(watch) == [(RUNNING, 0.5), (SUCCEEDED, 1.0)]


async def test_watching_an_ended_job_tells_its_end_and_an_end_that_was_seen_is_not_told_again(
    client: Any, wanted: Wanted
) -> None:
    job = await client("CreateJob", wanted())
    await client("CancelJob", api.CancelJobRequest(name=job.name))
    (event,) = await events(client.watch(job.name))
    assert event.job.state == CANCELLED
    assert await rest(client.watch(job.name, event.sequence)) == []


async def test_a_cancellation_reaches_those_who_watch(client: Any, wanted: Wanted) -> None:
    job = await client("CreateJob", wanted())
    watches = [client.watch(job.name) for _ in range(5)]
    for watch in watches:
        await watch.read()
    await client("CancelJob", api.CancelJobRequest(name=job.name))
    assert [await rest(watch) for watch in watches] == [[(CANCELLED, 0.0)]] * 5


async def test_a_watcher_goes_on_where_it_stopped_on_another_gateway(
    start: Any, call: Any, wanted: Wanted, hand: Any, settings: Settings
) -> None:
    async with gateway(settings) as first:
        before = await call(type("Door", (), {"target": f"127.0.0.1:{first.port}"}))
        job = await before("CreateJob", wanted())
        watch = before.watch(job.name)
        assert (await watch.read()).job.state == QUEUED
        claim = await hand.claim(job.name)
        seen = await watch.read()
        ending = asyncio.ensure_future(watch.read())
        await asyncio.sleep(0.05)
    with pytest.raises(grpc.aio.AioRpcError) as drained:
        await ending
    assert from_rpc_error(drained.value).reason is Reason.DRAINING
    await hand.fail(claim, retryable=True)
    again = await hand.claim(job.name)
    await hand.progress(again, 0.5)
    after = await call(await start())
    watch = after.watch(job.name, seen.sequence)
    told = [await watch.read() for _ in range(2)]
    assert [event.job.state for event in told] == [QUEUED, RUNNING]
    await hand.complete(again)
    told += await events(watch)
    assert [event.job.state for event in told] == [QUEUED, RUNNING, SUCCEEDED]
    numbers = [seen.sequence, *(event.sequence for event in told)]
    assert numbers == sorted(set(numbers))


async def test_a_change_that_nobody_told_is_found(client: Any, wanted: Wanted, hand: Any) -> None:
    job = await client("CreateJob", wanted())
    claim = await hand.claim(job.name)
    watch = client.watch(job.name)
    await watch.read()
    await asyncio.sleep(0.2)
    await hand.complete(claim, told=False)
    assert await asyncio.wait_for(rest(watch), 5) == [(SUCCEEDED, 1.0)]


async def test_an_unknown_job_and_a_number_it_has_not_come_to_are_refused(client: Any, wanted: Wanted) -> None:
    for name in ("jobs/xyz", "jobs/01933b6e-0000-7000-8000-000000000000"):
        with pytest.raises(grpc.aio.AioRpcError) as missing:
            await client.watch(name).read()
        assert from_rpc_error(missing.value).reason is Reason.NOT_FOUND
    job = await client("CreateJob", wanted())
    with pytest.raises(grpc.aio.AioRpcError) as ahead:
        await client.watch(job.name, sequence(7, 0.0)).read()
    error = from_rpc_error(ahead.value)
    assert isinstance(error, InvalidRequest)
    assert error.violations[0].field == "after_sequence"


async def test_a_job_that_is_deleted_ends_its_watches(client: Any, wanted: Wanted, hand: Any, database: Any) -> None:
    job = await client("CreateJob", wanted())
    watch = client.watch(job.name)
    await watch.read()
    async with database.connection() as connection:
        await connection.execute("DELETE FROM jobs")
    with pytest.raises(grpc.aio.AioRpcError) as gone:
        await asyncio.wait_for(rest(watch), 5)
    assert from_rpc_error(gone.value).reason is Reason.NOT_FOUND


async def test_a_client_that_leaves_frees_everything(start: Any, call: Any, wanted: Wanted, settings: Settings) -> None:
    door = await start()
    client = await call(door)
    job = await client("CreateJob", wanted())
    watches = [client.watch(job.name) for _ in range(20)]
    for watch in watches:
        await watch.read()
    tasks = len(asyncio.all_tasks())
    for watch in watches:
        watch.cancel()
    async with asyncio.timeout(5):
        while len(asyncio.all_tasks()) > tasks - 20:
            await asyncio.sleep(0.02)


async def test_quiet_watchers_read_no_rows_and_are_compared_by_one_query_for_all(
    client: Any, wanted: Wanted, statements: Counter[str]
) -> None:
    jobs = [await client("CreateJob", wanted()) for _ in range(5)]
    watches = [client.watch(job.name) for job in jobs for _ in range(10)]
    for watch in watches:
        await watch.read()
    await asyncio.sleep(0.5)
    statements.clear()
    await asyncio.sleep(2.0)
    assert statements["jobs.by_id"] == 0
    assert 1 <= statements["jobs.standings"] <= 5
    for watch in watches:
        watch.cancel()


@pytest.fixture
async def without_redis(settings: Settings, own_valkey: Server, start: Any, call: Any) -> AsyncIterator[Any]:
    """A client of a gateway whose Redis the test may kill."""
    redis = RedisSettings(url=SecretStr(own_valkey.url), socket_timeout_seconds=1)
    yield await call(await start(settings.model_copy(update={"redis": redis})))


async def test_a_watcher_hears_of_the_end_while_redis_is_away(
    without_redis: Any, own_valkey: Server, wanted: Wanted, hand: Any
) -> None:
    client = without_redis
    job = await client("CreateJob", wanted())
    watch = client.watch(job.name)
    await watch.read()
    own_valkey.kill()
    claim = await hand.claim(job.name)
    assert (await asyncio.wait_for(watch.read(), 10)).job.state == RUNNING
    await hand.complete(claim)
    assert await asyncio.wait_for(rest(watch), 10) == [(SUCCEEDED, 1.0)]
