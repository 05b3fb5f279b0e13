"""Keeps one program running for as long as it is wanted."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time

from sightline.standalone.backoff import delay_seconds
from sightline.standalone.log import Log
from sightline.standalone.process import Process
from sightline.standalone.program import Program, StandaloneError

FIRST_ATTEMPTS = 3
STEADY_SECONDS = 30.0
"""A process that lived this long had no fault at its start: the next waiting time is the first one again."""


class Keeper:
    """Starts a program, watches it, and starts it again when it dies.

    Attributes:
        restarts: how often it was started again.
    """

    def __init__(self, program: Program, log: Log) -> None:
        self.program = program
        self.restarts = 0
        self._log = log
        self._process = Process(program, log.line)
        self._ready = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id; None while it is down."""
        return self._process.pid if self._process.alive else None

    async def start(self) -> None:
        """Start it, wait until it serves, and watch over it from then on.

        Raises:
            StandaloneError: it could not be started; nothing of it is left.
        """
        for attempt in range(FIRST_ATTEMPTS):
            try:
                await self._start_once()
                break
            except StandaloneError as error:
                if attempt + 1 == FIRST_ATTEMPTS:
                    raise
                self._log.say(f"{self.program.name} did not start, trying again: {error}")
                await asyncio.sleep(delay_seconds(attempt))
        self._watch = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End it for good, in order if it lets us."""
        await self._leave_alone()
        started = time.monotonic()
        if not await self._process.stop():
            waited = time.monotonic() - started
            self._log.say(f"{self.program.name} did not end in {waited:.0f} s and was killed")

    async def restart(self) -> None:
        """End it in order and start it again."""
        await self.stop()
        self.restarts += 1
        await self.start()

    def kill(self, number: signal.Signals) -> None:
        """Send it a signal; if that ends it, it is started again."""
        if number is signal.SIGKILL:
            self._ready.clear()
        self._process.kill(number)

    async def until_ready(self) -> None:
        """Wait until it serves."""
        await self._ready.wait()

    async def _start_once(self) -> None:
        self._process = Process(self.program, self._log.line)
        try:
            await self._process.start()
            await self._process.serving()
        except BaseException:
            await self._process.stop()
            raise
        self._ready.set()

    async def _keep(self) -> None:
        failures = 0
        while True:
            started = time.monotonic()
            status = await self._process.wait()
            self._ready.clear()
            self._log.say(f"{self.program.name} ended with {describe(status)}")
            failures = 0 if time.monotonic() - started > STEADY_SECONDS else failures
            failures = await self._start_until_it_serves(failures)

    async def _start_until_it_serves(self, failures: int) -> int:
        while True:
            delay = delay_seconds(failures)
            failures += 1
            self._log.say(f"{self.program.name} is started again in {delay:.1f} s")
            await asyncio.sleep(delay)
            self.restarts += 1
            try:
                await self._start_once()
            except StandaloneError as error:
                self._log.say(str(error))
            else:
                return failures

    async def _leave_alone(self) -> None:
        self._ready.clear()
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None


def describe(status: int) -> str:
    """Say in words how a process ended."""
    if status >= 0:
        return f"status {status}"
    return signal.Signals(-status).name
