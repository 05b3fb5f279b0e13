"""Submits to taskiq and asks for results, which is how it waits."""

from __future__ import annotations

import os

from redis.asyncio import Redis

from bench.jobs.drive_tasks import serve
from bench.jobs.taskiq_app import broker, nothing

# Its own default of a fifth of a second would be all that is measured.
ASK_SECONDS = 0.002


class TaskiqClient:
    """taskiq, as its users call it."""

    def __init__(self, results: str) -> None:
        self._results = results

    async def open(self) -> None:
        self._redis = Redis.from_url(self._results)  # nothing but results is in this logical database
        await broker.startup()

    async def submit(self, count: int) -> None:
        for _ in range(count):
            await nothing.kiq()

    async def submit_and_wait(self) -> None:
        task = await nothing.kiq()
        await task.wait_result(check_interval=ASK_SECONDS, timeout=30)

    async def stored(self) -> int:
        return int(await self._redis.dbsize())


if __name__ == "__main__":
    serve(TaskiqClient(os.environ["BENCH_RESULTS"]))
