"""One turn of one system: start it, warm it, measure it, stop it. Nothing of the other systems runs meanwhile."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from bench.jobs import cpu, servers as made
from bench.jobs.servers import Servers
from bench.jobs.systems import ROOT, Load, System, environment, gateway, worker
from sightline.common.settings import PostgresSettings
from sightline.common.state.database import Database
from sightline.common.state.identifiers import uuid7
from sightline.common.state.media import MediaFiles, NewMedia
from sightline.common.telemetry import Metrics
from sightline.standalone.ports import LOOPBACK, Ports
from sightline.standalone.process import Process
from sightline.standalone.program import Program

_LINE_BYTES = 2**20


@dataclass(frozen=True)
class Pace:
    """How long everything is measured.

    Attributes:
        warm: jobs before the first figure.
        rate: jobs a second of the steady part.
        seconds: how long the steady part is.
        callers: callers of the steady part, where they are threads.
    """

    warm: int
    rate: float
    seconds: float
    callers: int


class Turns:
    """Takes the turns of one system, whose servers keep their data folders."""

    def __init__(self, system: System, folder: Path, ports: Ports, slots: int, log: TextIO) -> None:
        self._system = system
        self._folder = folder
        self._ports = ports
        self._slots = slots
        self._log = log
        self._servers: Servers = made.prepare(folder, ports)
        self._migrated = False

    async def take(self, pace: Pace) -> dict[str, Any]:
        """Measure each burst and the steady part once."""
        async with AsyncExitStack() as stack:
            pids = await self._start(stack)
            client = await stack.enter_async_context(self._client(pids.pop("port", 0)))
            pids["client"] = client.pid
            for load in self._system.bursts:
                await client.ask(_order(load, max(pace.warm, load.batch)))
            figures = {load.name: await _burst(client, load, pids) for load in self._system.bursts}
            return {"bursts": figures, "steady": await _steady(client, pace, pids)}

    async def _start(self, stack: AsyncExitStack) -> dict[str, int]:
        servers, system = self._servers, self._system
        pids = {"valkey": await self._run(stack, servers.valkey)}
        if system.uses_postgres:
            pids["postgres"] = await self._run(stack, servers.postgres)
        if system.has_gateway and not self._migrated:
            told = {"STATE_POSTGRES__URL": servers.postgres_url}
            command = (sys.executable, "-m", "sightline.common.state", "upgrade")
            await asyncio.to_thread(subprocess.run, command, env=told, check=True, stdout=self._log, stderr=self._log)
            self._migrated = True
        await asyncio.to_thread(made.empty, servers, system.tables, ease_logins=system.eases_logins)
        if system.has_gateway:
            port = self._ports.take()
            pids["gateway"] = await self._run(stack, gateway(servers, self._folder, port, self._ports))
            pids["port"] = port
        pids["worker"] = await self._run(stack, worker(system, servers, self._slots))
        return pids

    async def _run(self, stack: AsyncExitStack, program: Program) -> int:
        process = Process(program, self._note)
        stack.push_async_callback(process.stop)
        await process.start()
        if program.ready is not None:
            await process.serving()
        return process.pid

    def _note(self, name: str, line: str) -> None:
        self._log.write(f"{self._system.name} {name} | {line}\n")

    @asynccontextmanager
    async def _client(self, port: int) -> AsyncIterator[Client]:
        told = environment(self._system, self._servers, self._slots)
        if self._system.has_gateway:
            told = {**told, **await self._door(port)}
        process = await asyncio.create_subprocess_exec(
            str(self._system.python), "-m", self._system.client,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, env=told, cwd=ROOT, limit=_LINE_BYTES,
        )  # fmt: skip
        try:
            yield Client(process)
        finally:
            if process.stdin is not None:
                process.stdin.close()
            await process.wait()

    async def _door(self, port: int) -> dict[str, str]:
        """Make a file known whose bytes nobody will read."""
        settings = PostgresSettings.model_validate({"url": self._servers.postgres_url})
        database = Database(settings, Metrics(), "bench")
        await database.open()
        media_id = uuid7()
        await MediaFiles(database).add(
            NewMedia(
                "default", media_id, "a.jpg", "image/jpeg", 3, b"x" * 32, 64, 48, f"blob/{media_id}", None, 86_400.0
            )
        )
        await database.close()
        return {
            "BENCH_TARGET": f"{LOOPBACK}:{port}",
            "BENCH_KEY": (self._folder / "key").read_text().strip(),
            "BENCH_MEDIA": f"media/{media_id}",
            "BENCH_POSTGRES_URL": self._servers.postgres_url,
        }


class Client:
    """The process that submits."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    async def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Give an order and wait for its figures."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the client ended with {await self._process.wait()}; the log says why")
        figures: dict[str, Any] = json.loads(line)
        return figures


def _order(load: Load, jobs: int) -> dict[str, Any]:
    return {"do": "burst", "jobs": jobs, "callers": load.callers, "batch": load.batch}


async def _burst(client: Client, load: Load, pids: dict[str, int]) -> dict[str, Any]:
    before = cpu.cpu_seconds(pids)
    figures = await client.ask(_order(load, load.jobs))
    figures["jobs_per_second"] = figures["jobs"] / figures["seconds"]
    return {**figures, "cpu": cpu.used(before, cpu.cpu_seconds(pids), load.jobs)}


async def _steady(client: Client, pace: Pace, pids: dict[str, int]) -> dict[str, Any]:
    before = cpu.cpu_seconds(pids)
    laps = (await client.ask({"do": "steady", "rate": pace.rate, "seconds": pace.seconds, "callers": pace.callers}))[
        "latencies_ms"
    ]
    return {
        "p50_ms": laps[len(laps) // 2],
        "p99_ms": laps[len(laps) * 99 // 100],
        "jobs": len(laps),
        "cpu": cpu.used(before, cpu.cpu_seconds(pids), len(laps)),
    }
