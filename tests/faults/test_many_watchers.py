"""A thousand watchers on one gateway: each is told everything, and none of them asks the database."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import grpc
from audit import audit
from engine import Engine, Part, until

from sightline.v1.job_service_pb2 import WatchJobRequest
from sightline.v1.job_service_pb2_grpc import JobServiceStub

JOBS = 100
WATCHERS_OF_EACH = 10
QUIET_SECONDS = 5.0
CHECK_SECONDS = 1.0


async def test_a_thousand_watchers_cost_no_statement_while_nothing_happens_and_all_are_told(engine: Engine) -> None:
    gateway = await asyncio.to_thread(engine.gateway, GATEWAY_JOBS__WATCH_CHECK_SECONDS=str(CHECK_SECONDS))
    with engine.client() as client:
        names = await asyncio.to_thread(engine.submit, client, JOBS, milliseconds=10)
    metadata = (("authorization", f"Bearer {engine.key}"),)
    told: list[list[tuple[int, int]]] = [[] for _ in range(JOBS * WATCHERS_OF_EACH)]

    async def watch(stub: JobServiceStub, name: str, events: list[tuple[int, int]]) -> None:
        async for event in stub.WatchJob(WatchJobRequest(name=name), metadata=metadata):
            events += [(event.sequence, event.job.state)]

    async with grpc.aio.insecure_channel(gateway.url) as channel:
        stub = JobServiceStub(channel)
        watches = [
            asyncio.create_task(watch(stub, name, events))
            for name, events in zip(names * WATCHERS_OF_EACH, told, strict=True)
        ]
        await asyncio.to_thread(until, lambda: all(told), "every watcher is told where its job stands", 60)
        rows, checks = await asyncio.to_thread(_settled, gateway)
        await asyncio.sleep(QUIET_SECONDS)
        rows_after, checks_after = await asyncio.to_thread(_statements, gateway)
        # One statement for all of them, once in a while; none for any of them.
        assert rows_after == rows
        assert 0 < checks_after - checks <= QUIET_SECONDS / CHECK_SECONDS + 2
        began = time.monotonic()
        await asyncio.to_thread(engine.worker)
        await asyncio.wait_for(asyncio.gather(*watches), 60)
        assert time.monotonic() - began < 60
    for events in told:
        assert all(before < after for (before, _), (after, _) in pairwise(events))
        assert list(dict.fromkeys(state for _, state in events)) == [1, 2, 3]
    assert not (await asyncio.to_thread(audit, engine.postgres_url, names)).faults


def _statements(gateway: Part) -> tuple[float, float]:
    """How often the gateway has read jobs by their names, and how often it has compared all watched ones."""
    count = "sightline_db_query_seconds_count"
    return gateway.metric(count, query="jobs.by_id"), gateway.metric(count, query="jobs.standings")


def _settled(gateway: Part) -> tuple[float, float]:
    """Wait until the reads that begin a watch are done."""
    last = (-1.0, -1.0)
    while (now := _statements(gateway))[0] != last[0]:
        last = now
        time.sleep(0.5)
    return now
