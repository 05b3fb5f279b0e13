"""What the gateway stands on goes away, and comes back."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from servers import Server

from sightline.common.errors import Reason
from sightline.common.queue import Consumer
from sightline.gateway.settings import Settings
from sightline.v1 import job_service_pb2 as api, usage_service_pb2

Wanted = Callable[..., api.CreateJobRequest]


@pytest.fixture
def postgres_url(own_postgres: Server, migrate: Callable[[str], None]) -> str:
    """A database whose server the test may kill."""
    migrate(own_postgres.url)
    return own_postgres.url


@pytest.fixture
def redis_url(own_valkey: Server) -> str:
    """A Valkey that the test may kill."""
    return own_valkey.url


async def parts(client: Any) -> dict[str, bool]:
    """Which parts answer."""
    request = usage_service_pb2.GetSystemStatsRequest()
    stats = await client.usage.GetSystemStats(request, metadata=client.metadata)
    return {part.name: part.available for part in stats.parts}


async def until_created(client: Any, request: api.CreateJobRequest) -> None:
    """Create a job as soon as it is possible again."""
    async with asyncio.timeout(30):
        while True:
            try:
                await client("CreateJob", request)
                return
            except grpc.aio.AioRpcError:
                await asyncio.sleep(0.1)


async def consumed(settings: Settings, count: int) -> int:
    """How many tasks come through the queue within a while."""
    queue, seen = Consumer(settings.redis, "face"), set()
    async with asyncio.timeout(20):
        while len(seen) < count:
            seen.update(await queue.pop(1000, 0.2) or [])
    await queue.close()
    return len(seen)


async def test_jobs_are_taken_while_redis_is_away_and_flow_when_it_is_back(
    client: Any, wanted: Wanted, settings: Settings, own_valkey: Server
) -> None:
    await client("CreateJob", wanted())
    own_valkey.kill()
    created = await asyncio.gather(*(client("CreateJob", wanted()) for _ in range(50)))
    assert len({job.name for job in created}) == 50
    await asyncio.sleep(1.1)
    found = await parts(client)
    assert (found["redis"], found["postgres"]) == (False, True)
    own_valkey.start()
    assert await consumed(settings, 51) == 51


async def test_a_redis_that_hangs_delays_no_submission(
    client: Any, wanted: Wanted, settings: Settings, own_valkey: Server
) -> None:
    await client("CreateJob", wanted())
    own_valkey.kill(signal.SIGSTOP)
    began = asyncio.get_running_loop().time()
    for _ in range(20):
        await client("CreateJob", wanted())
    assert asyncio.get_running_loop().time() - began < 1.5
    own_valkey.kill(signal.SIGCONT)
    assert await consumed(settings, 21) == 21


async def test_nothing_is_acknowledged_while_postgresql_is_away_and_all_goes_on_when_it_is_back(
    client: Any, wanted: Wanted, settings: Settings, own_postgres: Server
) -> None:
    job = await client("CreateJob", wanted())
    await client("GetJob", api.GetJobRequest(name=job.name))
    own_postgres.kill()
    error = await client.refused("CreateJob", wanted())
    assert (error.reason, error.retry_after_seconds) == (Reason.STATE_UNAVAILABLE, 1.0)
    own_postgres.start()
    await until_created(client, wanted())
    assert (await client("GetJob", api.GetJobRequest(name=job.name))).name == job.name
    assert await consumed(settings, 2) == 2
