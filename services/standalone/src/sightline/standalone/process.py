"""One running process of a program: start it, pass its lines on, wait until it serves, stop it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from sightline.standalone.output import lines
from sightline.standalone.program import Program, StartError

LineSink = Callable[[str, str], None]
"""Takes the name of a program and one line of its output."""

LEASH = Path(__file__).with_name("leash.py")
PROBE_INTERVAL_SECONDS = 0.05
LAST_LINE_SECONDS = 2.0
REMEMBERED_LINES = 15


class Process:
    """A child with its output; every instance is started once."""

    def __init__(self, program: Program, sink: LineSink) -> None:
        self.program = program
        self.last_lines: deque[str] = deque(maxlen=REMEMBERED_LINES)
        self._sink = sink
        self._child: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The process id; of the command itself, since the leash is replaced by it."""
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.returncode is None

    async def start(self) -> None:
        """Start the command in a process group of its own, so that Ctrl-C reaches the supervisor alone.

        Raises:
            StandaloneError: what has to be done before could not be done.
        """
        program = self.program
        if program.prepare is not None:
            await asyncio.to_thread(program.prepare)
        account = f"{program.account.uid}:{program.account.gid}" if program.account else "-"
        # A pipe of our own: asyncio's would make wait() wait until everyone has closed it (python/cpython#119710).
        for_us, for_child = os.pipe()
        self._reader = asyncio.create_task(self._pass_lines_on(for_us))
        try:
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(LEASH)),
                *(str(os.getpid()), str(int(program.orphan_signal)), account, *program.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=for_child,
                stderr=asyncio.subprocess.STDOUT,
                env=dict(program.environment),
                cwd=program.folder,
                start_new_session=True,
            )
        finally:
            os.close(for_child)

    async def serving(self) -> None:
        """Wait until the program is ready; one without a probe, until it has ended well.

        Raises:
            StartError: it ended, or the time was up (then it is stopped).
        """
        program = self.program
        deadline = time.monotonic() + program.ready_seconds
        while time.monotonic() < deadline:
            if not self.alive:
                await self._ended_early()
                return
            if program.ready is not None and await program.ready():
                return
            await asyncio.sleep(PROBE_INTERVAL_SECONDS)
        await self.stop()
        raise StartError(f"{program.name} was not ready after {program.ready_seconds:g} s{self._said()}")

    async def wait(self) -> int:
        """Wait for its end and for its last line.

        Returns:
            The exit status; negative: the signal that ended it.
        """
        status = await self._running().wait()
        self._sweep()
        if self._reader is not None:
            _, unread = await asyncio.wait({self._reader}, timeout=LAST_LINE_SECONDS)
            for reader in unread:  # something that it left behind holds the pipe
                reader.cancel()
        return status

    def kill(self, number: signal.Signals) -> None:
        """Send a signal to the process itself; nothing happens when it has ended."""
        if self.alive:
            self._running().send_signal(number)

    async def stop(self) -> bool:
        """End it in order, and by SIGKILL when that takes too long.

        Returns:
            Whether it ended by itself in time.
        """
        if self._child is None:
            return True
        self.kill(self.program.stop_signal)
        end = asyncio.create_task(self.wait())
        in_time, late = await asyncio.wait({end}, timeout=self.program.stop_seconds)
        if late:
            self.kill(signal.SIGKILL)
            await end
        return bool(in_time)

    def _running(self) -> asyncio.subprocess.Process:
        if self._child is None:
            raise RuntimeError(f"{self.program.name} was not started")
        return self._child

    def _sweep(self) -> None:
        """End what the process has started and left."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return

    async def _ended_early(self) -> None:
        status = await self.wait()
        if self.program.ready is not None or status != 0:
            raise StartError(f"{self.program.name} ended with status {status}{self._said()}")

    def _said(self) -> str:
        return "".join(f"\n    {line}" for line in self.last_lines)

    async def _pass_lines_on(self, descriptor: int) -> None:
        async with contextlib.aclosing(lines(descriptor)) as said:
            async for line in said:
                self.last_lines.append(line)
                self._sink(self.program.name, line)
