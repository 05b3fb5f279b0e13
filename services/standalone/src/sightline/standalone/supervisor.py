"""Starts groups of programs one after the other and stops them in the opposite order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Mapping
from typing import Any

from sightline.standalone.keeper import Keeper
from sightline.standalone.log import Log
from sightline.standalone.process import Process
from sightline.standalone.program import Program, StandaloneError


class Supervisor:
    """Holds everything that runs."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._groups: list[list[Keeper]] = []

    @property
    def pids(self) -> Mapping[str, int]:
        """The process ids by name, of those that are up, in the order in which they were started."""
        return {name: keeper.pid for name, keeper in self._keepers().items() if keeper.pid is not None}

    @property
    def restarts(self) -> Mapping[str, int]:
        """How often each was started again, by name."""
        return {name: keeper.restarts for name, keeper in self._keepers().items()}

    async def run(self, program: Program) -> None:
        """Run a program that ends by itself.

        Raises:
            StartError: it ended with another status than 0, or took too long.
        """
        process = Process(program, self._log.line)
        try:
            await process.start()
            await process.serving()
        finally:
            await process.stop()

    async def start(self, *programs: Program) -> None:
        """Start a group at the same time and wait until all of it serves.

        Raises:
            StandaloneError: one could not be started; the others of the group are stopped with the rest.
        """
        group = [Keeper(program, self._log) for program in programs]
        self._groups.append(group)
        await together(*(keeper.start() for keeper in group))

    async def stop(self) -> None:
        """Stop every group, the last one first."""
        while self._groups:
            group = self._groups.pop()
            await asyncio.gather(*(keeper.stop() for keeper in group))

    async def restart(self, name: str) -> None:
        """Stop a program in order and start it again."""
        await self._keeper(name).restart()

    def kill(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a program; if that ends it, it is started again."""
        self._keeper(name).kill(number)

    async def until_ready(self, name: str) -> None:
        """Wait until a program serves (again)."""
        await self._keeper(name).until_ready()

    def _keepers(self) -> dict[str, Keeper]:
        return {keeper.program.name: keeper for group in self._groups for keeper in group}

    def _keeper(self, name: str) -> Keeper:
        try:
            return self._keepers()[name]
        except KeyError:
            raise StandaloneError(f"nothing by the name of {name!r} runs here") from None


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """Do work at the same time; the first failure ends the rest, and is raised when the rest has ended."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
