"""Real servers for tests, from the packages that `make up` uses, driven from any thread."""

from __future__ import annotations

import asyncio
import secrets
import signal
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self, TypeVar

from sightline.standalone import accounts, postgres, valkey
from sightline.standalone.ports import Ports
from sightline.standalone.process import Process
from sightline.standalone.program import Program

T = TypeVar("T")

PATIENCE_SECONDS = 60.0
VALKEY_DATABASES = 256


class Background:
    """An event loop on a thread of its own: what it runs outlives the loop of a single test."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="servers", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], seconds: float = PATIENCE_SECONDS) -> T:
        """Run a coroutine there and wait for what it returns."""
        outcome: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return outcome.result(seconds)

    def close(self) -> None:
        """End the loop and its thread."""
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self._loop.close()


class Server:
    """One server at one port that a test may kill, freeze and start again.

    Attributes:
        url: where clients reach it, password included.
        lines: all that it has logged.
    """

    def __init__(self, background: Background, program: Program, url: str) -> None:
        self.url = url
        self.lines: list[str] = []
        self._background = background
        self._program = program
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        """The process id of the server that runs now."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> Self:
        """Start it and wait until it serves."""
        self._process = Process(self._program, lambda _, line: self.lines.append(line))
        self._background.run(self._process.start())
        self._background.run(self._process.serving())
        return self

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None:
            self._process.kill(signal.SIGCONT)
            self._background.run(self._process.stop())

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal; after SIGKILL wait until it is gone."""
        assert self._process is not None
        self._process.kill(number)
        if number is signal.SIGKILL:
            self._background.run(self._process.wait())


def embedded_postgres(background: Background, folder: Path) -> Server:
    """A PostgreSQL of its own, not started yet; a crash of the machine may cost its data, a kill may not."""
    cluster = postgres.Cluster(folder / "cluster", accounts.unprivileged("nobody"))
    password, port = secrets.token_urlsafe(16), Ports().take()
    postgres.initialise(cluster, password)
    program = postgres.program(cluster, port, "fsync=off", "max_connections=200")
    return Server(background, program, postgres.url(port, password))


def embedded_valkey(background: Background, folder: Path) -> Server:
    """A Valkey of its own, not started yet."""
    password, port = secrets.token_urlsafe(16), Ports().take()
    program = valkey.program(folder, port, password, VALKEY_DATABASES)
    return Server(background, program, valkey.url(port, password))
