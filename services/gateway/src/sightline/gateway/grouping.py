"""Grouping: calls that come together are served together, and one that comes alone does not wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar, cast

T = TypeVar("T")
R = TypeVar("R")

Serve = Callable[[Sequence[T]], Awaitable[Sequence[R]]]
"""Serves a group: one answer for each item, in order."""

# As many in a group are a crowd: those who called are about to call again.
_CROWD = 8


class Grouping(Generic[T, R]):
    """Gathers one group at a time while others are served; what comes meanwhile makes the next group."""

    def __init__(self, serve: Serve[T, R], *, window_seconds: float, group_max: int, at_once: int = 1) -> None:
        """Prepare to group.

        Args:
            serve: serves a group, in one transaction say.
            window_seconds: how long a group waits for more where calls come in crowds; where few come together it
                waits less, and one that comes alone not at all.
            group_max: how many items a group has at most.
            at_once: how many groups are served at the same time: while one waits for a disk, another is made.
        """
        self._serve = serve
        self._window_seconds = window_seconds
        self._group_max = group_max
        self._at_once = at_once
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._working: set[asyncio.Task[None]] = set()
        self._gathering = False
        self._latest = 0

    async def add(self, item: T) -> R:
        """Serve an item in the next group; the item is served even if the caller gives up."""
        return await self.put(item)

    def put(self, item: T) -> asyncio.Future[R]:
        """Serve an item in the next group, and give what will have the answer."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        self._make_sure_of_work()
        return answer

    async def close(self) -> None:
        """Wait until all that was added is served."""
        while self._working:
            await asyncio.wait(self._working)

    def _make_sure_of_work(self) -> None:
        if self._waiting and not self._gathering and len(self._working) < self._at_once:
            self._gathering = True
            self._working.add(asyncio.create_task(self._work(alone=not self._working), name="grouping"))

    async def _work(self, *, alone: bool) -> None:
        # Calls that came together, or while others were served, show that more are on their way.
        together = not alone
        try:
            while group := await self._gather(together=together):
                self._make_sure_of_work()
                await self._serve_group(group)
                if self._gathering:
                    return
                together = len(group) > 1 or bool(self._waiting)
                self._gathering = True
        finally:
            # At once, and not when the loop comes to it: who adds meanwhile relies on those who work.
            self._working.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _gather(self, *, together: bool) -> Sequence[tuple[T, asyncio.Future[R]]]:
        try:
            if together and len(self._waiting) < self._group_max:
                await asyncio.sleep(self._window_seconds * min(self._latest / _CROWD, 1.0))
        finally:
            self._gathering = False
        group, self._waiting = self._waiting[: self._group_max], self._waiting[self._group_max :]
        self._latest = len(group)
        return group

    async def _serve_group(self, group: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            answers = await self._serve([item for item, _ in group])
        except Exception as error:  # every caller is told what happened, whatever it was
            for _, answer in group:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), value in zip(group, answers, strict=True):
            if not answer.done():
                answer.set_result(value)
