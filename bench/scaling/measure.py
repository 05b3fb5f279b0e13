"""Counts what one process of each kind asks of the stores when it has nothing to do, and what one job does."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TextIO

from bench.jobs.sightline_client import SightlineClient
from bench.scaling.counting import TABLES, Counters, Reading, Used
from bench.scaling.world import SLOTS, World
from sightline.standalone.process import Process

IDLE_SECONDS = 30.0
WORKERS = 6
CALLERS = 32
BATCH = 500
RATE, RATE_SECONDS = 20, 15
LONG_SECONDS = 90.0
# What a replica of the face service does with two slots: docs/speed.md.
PICTURES_PER_SECOND, PICTURE_SLOTS = 28.6, 2
WINDOW = 1000

Figures = dict[str, Any]


async def measured(jobs: int, log: TextIO) -> Figures:
    """Run everything once."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-scaling-")))
        await asyncio.to_thread(folder.chmod, 0o755)  # PostgreSQL has a user of its own
        world = World(folder, stack, log)
        await world.open()
        counters = Counters(world.servers.postgres_url, world.servers.broker_url)
        stack.callback(counters.close)
        return await _Turn(world, counters, jobs).take()


class _Turn:
    def __init__(self, world: World, counters: Counters, jobs: int) -> None:
        self._world = world
        self._counters = counters
        self._jobs = jobs

    async def take(self) -> Figures:
        found: Figures = {"idle": {}, "connections": {}}
        await self._idle(found)
        client = await self._world.client()
        await self._burst(client, 1000, 1)
        found["lone"] = await self._lone(client)
        found["single"], single = await self._loaded(client, self._jobs, 1)
        found["batch"], _ = await self._loaded(client, self._jobs * 2 // BATCH * BATCH, BATCH)
        found["connections"]["loaded"] = dict(single.connections)
        found["job_bytes"] = self._sizes()
        await self._stop(self._workers)
        found["paced"] = await self._paced(client)
        found["waiting_message_bytes"] = await self._waiting(client)
        # What waits now is what they work at.
        found["long"] = await self._long()
        return found

    async def _idle(self, found: Figures) -> None:
        """Add one kind of process after the other: the difference is what the last one asks for."""
        world = self._world
        names = [f"worker-{number}" for number in range(WORKERS)]
        self._workers = {name: await world.add_worker(name) for name in names}
        await asyncio.sleep(3)
        workers = await self._still()
        self._gateways = {"gateway": await world.add_gateway("gateway")}
        await asyncio.sleep(3)
        one = await self._still()
        self._gateways["gateway-2"] = await world.add_gateway("gateway-2")
        await asyncio.sleep(3)
        two = await self._still()
        found["idle"] = {
            "worker": _shared(workers, WORKERS),
            "leader": _minus(one, workers),
            "gateway": _minus(two, one),
        }
        reading = await self._read()
        found["connections"]["idle"] = dict(reading.connections)
        found["redis"] = {"clients": reading.redis_clients, "gateways": len(self._gateways), "workers": WORKERS}

    async def _still(self) -> Figures:
        before = await self._read()
        await asyncio.sleep(IDLE_SECONDS)
        used = Used.between(before, await self._read())
        return {
            "commits": used.commits / used.seconds,
            "commands": used.commands.total() / used.seconds,
            "postgres_cpu": used.cpu["postgres"] / used.seconds,
            "redis_cpu": used.cpu["valkey"] / used.seconds,
        }

    async def _loaded(self, client: SightlineClient, jobs: int, batch: int) -> tuple[Figures, Reading]:
        before = await self._read()
        await self._burst(client, jobs, batch)
        after = await self._read()
        return _per_job(Used.between(before, after), jobs), after

    async def _lone(self, client: SightlineClient) -> Figures:
        """Submit at so low a rate that hardly anything shares a commit."""
        before = await self._read()
        due = time.perf_counter()
        for _ in range(RATE * RATE_SECONDS):
            due += 1 / RATE
            await client.submit(1)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await self._ended()
        return _per_job(Used.between(before, await self._read()), RATE * RATE_SECONDS)

    async def _paced(self, client: SightlineClient) -> Figures:
        """Let each worker do as many jobs in a second as a real replica does: fewer share a commit then."""
        processes = await self._slow_workers(PICTURE_SLOTS / PICTURES_PER_SECOND, PICTURE_SLOTS)
        await asyncio.sleep(3)
        found, _ = await self._loaded(client, self._jobs, 1)
        await self._stop(processes)
        return found

    async def _slow_workers(self, seconds: float, slots: int) -> dict[str, Process]:
        names = [f"slow-{number}" for number in range(WORKERS)]
        return {name: await self._world.add_slow_worker(name, seconds, slots) for name in names}

    async def _stop(self, processes: dict[str, Process]) -> None:
        for name, process in processes.items():
            await self._world.stop(name, process)

    async def _long(self) -> Figures:
        """Fill the slots of workers with tasks that are longer than what is looked at; nobody else is there."""
        processes = await self._slow_workers(LONG_SECONDS, SLOTS)
        await asyncio.sleep(5)
        await self._stop(self._gateways)
        busy = await self._still()
        await self._stop(processes)
        return {**_shared(busy, WORKERS), "tasks": SLOTS}

    async def _waiting(self, client: SightlineClient) -> float:
        """How much room in Redis a message of a waiting task takes."""
        before = await self._read()
        await client.submit(WINDOW // 2)
        after = await self._read()
        return (after.redis_bytes - before.redis_bytes) / (WINDOW // 2)

    async def _burst(self, client: SightlineClient, jobs: int, batch: int) -> None:
        left = iter([batch] * (jobs // batch))

        async def call() -> None:
            for count in left:
                await client.submit(count)

        await asyncio.gather(*(call() for _ in range(CALLERS if batch == 1 else 4)))
        await self._ended()

    async def _ended(self) -> None:
        while self._counters.one("SELECT count(*) FROM tasks WHERE state IN (1, 2)"):  # noqa: ASYNC110 - others
            await asyncio.sleep(0.2)

    def _sizes(self) -> dict[str, float]:
        """Bytes of a job in each table with its indexes, as they lie, with the room that updates have left."""
        jobs = self._counters.one("SELECT count(*) FROM jobs")
        return {name: self._counters.one(f"SELECT pg_total_relation_size('{name}')") / jobs for name in TABLES}

    async def _read(self) -> Reading:
        return await asyncio.to_thread(self._counters.read, self._world.pids)


def _per_job(used: Used, jobs: int) -> Figures:
    return {
        "jobs": jobs,
        "commits": used.commits / jobs,
        "wal_bytes": used.wal_bytes / jobs,
        "commands": used.commands.total() / jobs,
        "commands_by_name": {name: round(count / jobs, 3) for name, count in used.commands.most_common(6)},
        "cpu_ms": {name: seconds / jobs * 1000 for name, seconds in used.cpu.items()},
    }


def _minus(after: Figures, before: Figures) -> Figures:
    return {name: max(0.0, after[name] - before[name]) for name in after}


def _shared(used: Figures, processes: int) -> Figures:
    return {name: value / processes for name, value in used.items()}
