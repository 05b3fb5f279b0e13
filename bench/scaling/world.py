"""Servers, gateways and workers as they run elsewhere, one process of each kind at a time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from bench.jobs import servers as made
from bench.jobs.sightline_client import SightlineClient
from bench.jobs.systems import System, environment, gateway, systems, worker
from sightline.common.settings import PostgresSettings
from sightline.common.state.database import Database
from sightline.common.state.identifiers import uuid7
from sightline.common.state.media import MediaFiles, NewMedia
from sightline.common.telemetry import Metrics
from sightline.standalone.ports import LOOPBACK, Ports
from sightline.standalone.process import Process
from sightline.standalone.program import Program

SLOTS = 8


class World:
    """Everything that is started, stopped with the stack; `pids` has the processes by name."""

    def __init__(self, folder: Path, stack: AsyncExitStack, log: TextIO) -> None:
        self.pids: dict[str, int] = {}
        self._folder = folder
        self._stack = stack
        self._log = log
        self._ports = Ports()
        self.servers = made.prepare(folder, self._ports)
        self._system: System = next(iter(systems(SLOTS, 32, 1.0)))
        self._target = ""

    async def open(self) -> None:
        """Start PostgreSQL and Valkey, and make the tables."""
        await self._run("valkey", self.servers.valkey)
        await self._run("postgres", self.servers.postgres)
        told = {"STATE_POSTGRES__URL": self.servers.postgres_url}
        command = (sys.executable, "-m", "sightline.common.state", "upgrade")
        await asyncio.to_thread(subprocess.run, command, env=told, check=True, stdout=self._log, stderr=self._log)

    async def add_gateway(self, name: str) -> Process:
        """Start one more gateway; clients call the first."""
        port = self._ports.take()
        self._target = self._target or f"{LOOPBACK}:{port}"
        return await self._run(name, gateway(self.servers, self._folder, port, self._ports))

    async def add_worker(self, name: str) -> Process:
        """Start one more worker that does nothing fast."""
        return await self._run(name, worker(self._system, self.servers, SLOTS))

    async def add_slow_worker(self, name: str, seconds: float, slots: int) -> Process:
        """Start one more worker that does nothing slowly."""
        told = {**environment(self._system, self.servers, slots), "SLOW_SECONDS": str(seconds)}
        command = (sys.executable, "-m", "bench.scaling.slow_worker")
        program = replace(worker(self._system, self.servers, SLOTS), command=command, environment=told)
        return await self._run(name, program)

    async def stop(self, name: str, process: Process) -> None:
        """Stop one process before the end."""
        await process.stop()
        del self.pids[name]

    async def client(self) -> SightlineClient:
        """Make a client with a key and a file that nobody will read."""
        database = Database(PostgresSettings.model_validate({"url": self.servers.postgres_url}), Metrics(), "setup")
        await database.open()
        media_id = uuid7()
        await MediaFiles(database).add(
            NewMedia(
                "default", media_id, "a.jpg", "image/jpeg", 3, b"x" * 32, 64, 48, f"blob/{media_id}", None, 86_400.0
            )
        )
        await database.close()
        key = (self._folder / "key").read_text().strip()
        client = SightlineClient(self._target, key, f"media/{media_id}", self.servers.postgres_url)
        await client.open()
        return client

    async def _run(self, name: str, program: Program) -> Process:
        process = Process(program, lambda _, line: print(f"{name} | {line}", file=self._log))
        self._stack.push_async_callback(process.stop)
        await process.start()
        if program.ready is not None:
            await process.serving()
        self.pids[name] = process.pid
        return process
