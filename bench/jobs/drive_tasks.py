"""Drives a client whose library is asynchronous: each concurrent caller is an asyncio task."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import uvloop

from bench.jobs.orders import PATIENCE_SECONDS, POLL_SECONDS, Clock, answer, orders


class Client(Protocol):
    """One system, as its users see it."""

    async def open(self) -> None:
        """Connect."""

    async def submit(self, count: int) -> None:
        """Submit jobs in one call; one job with the call for one."""

    async def submit_and_wait(self) -> None:
        """Submit a job and wait for its result as the library means it."""

    async def stored(self) -> int:
        """Count the results that are stored."""


def serve(client: Client) -> None:
    """Do what the runner orders."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(client.open())
        for order in orders():
            if order["do"] == "burst":
                answer(runner.run(_burst(client, order["jobs"], order["callers"], order.get("batch", 1))))
            else:
                answer(runner.run(_steady(client, order["rate"], order["seconds"])))


async def _burst(client: Client, jobs: int, callers: int, batch: int) -> dict[str, Any]:
    wanted = await client.stored() + jobs
    left = iter([batch] * (jobs // batch))
    begun = time.perf_counter()

    async def call() -> None:
        for count in left:
            await client.submit(count)

    await asyncio.gather(*(call() for _ in range(callers)))
    submitted = time.perf_counter()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await client.stored() < wanted:  # noqa: ASYNC110 - another process stores them
            await asyncio.sleep(POLL_SECONDS)
    return {"jobs": jobs, "seconds": time.perf_counter() - begun, "submit_seconds": submitted - begun}


async def _steady(client: Client, rate: float, seconds: float) -> dict[str, Any]:
    for _ in range(32):
        await client.submit_and_wait()  # every connection is open
    waiting = []
    for due in Clock(rate, seconds).ticks():
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        waiting.append(asyncio.create_task(_timed(client.submit_and_wait, due)))
    return {"latencies_ms": sorted(await asyncio.gather(*waiting))}


async def _timed(work: Callable[[], Awaitable[None]], due: float) -> float:
    await work()
    return (time.perf_counter() - due) * 1000
