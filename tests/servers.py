"""Real servers for tests, from the packages that `make up` uses, driven from any thread."""

from __future__ import annotations

import asyncio
import secrets
import signal
import threading
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self, TypeVar

import psutil

from sightline.standalone import accounts, postgres, valkey
from sightline.standalone.addresses import Addresses
from sightline.standalone.log import Log
from sightline.standalone.ports import Ports
from sightline.standalone.process import Process
from sightline.standalone.program import Program
from sightline.standalone.settings import Settings
from sightline.standalone.system import Standalone

T = TypeVar("T")

PATIENCE_SECONDS = 60.0
START_SECONDS = 600.0
STOP_SECONDS = 120.0
VALKEY_DATABASES = 256


def ended(pid: int, seconds: float = 10.0) -> bool:
    """Wait until a process has ended; one that only waits to be reaped (not every container's init does) has."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


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


class System:
    """The whole system, driven from any thread.

    Attributes:
        addresses: where everything is reached.
        key: an API key.
        folder: its data.
        log: the file with all that its processes have said.
    """

    def __init__(self, background: Background, settings: Settings, log: Path) -> None:
        self.log = log
        self._background = background
        self._stream = log.open("a")
        self._system = Standalone(settings, Log(self._stream))
        self.folder = self._system.folder

    @property
    def addresses(self) -> Addresses:
        """Where everything is reached."""
        return self._system.addresses

    @property
    def key(self) -> str:
        """The API key of the first start."""
        return self._system.key

    @property
    def pids(self) -> Mapping[str, int]:
        """The process ids of all that is up, by name."""
        return self._system.pids

    @property
    def restarts(self) -> Mapping[str, int]:
        """How often each process was started again, by name."""
        return self._system.restarts

    def start(self) -> Self:
        """Start everything and wait until it serves."""
        self._background.run(self._system.start(), START_SECONDS)
        return self

    def stop(self) -> None:
        """Stop everything."""
        self._background.run(self._system.stop(), STOP_SECONDS)
        self._stream.close()

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process; one that ends of it is started again."""
        self._system.kill(name, number)

    def restart(self, name: str) -> None:
        """Stop a process in order and start it again."""
        self._background.run(self._system.restart(name))

    def until_ready(self, name: str) -> None:
        """Wait until a process serves again."""
        self._background.run(self._system.until_ready(name))
