"""Grouping: calls that come together are served together, and one that comes alone does not wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

Serve = Callable[[Sequence[T]], Awaitable[Sequence[R]]]
"""Serves a group: one answer for each item, in order."""


class Grouping(Generic[T, R]):
    """Serves one group at a time; what comes meanwhile makes the next group."""

    def __init__(self, serve: Serve[T, R], *, window_seconds: float, group_max: int) -> None:
        """Prepare to group.

        Args:
            serve: serves a group, in one transaction say.
            window_seconds: how long a group waits for more once calls are seen to come together.
            group_max: how many items a group has at most.
        """
        self._serve = serve
        self._window_seconds = window_seconds
        self._group_max = group_max
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._working: asyncio.Task[None] | None = None

    async def add(self, item: T) -> R:
        """Serve an item in the next group; the item is served even if the caller gives up."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._working is None:
            self._working = asyncio.create_task(self._work(), name="grouping")
        return await answer

    async def close(self) -> None:
        """Wait until all that was added is served."""
        if self._working is not None:
            await self._working

    async def _work(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[: self._group_max], self._waiting[self._group_max :]
                await self._serve_group(group)
                # Calls that came together, or while others were served, show that more are on their way.
                together = len(group) > 1 or bool(self._waiting)
                if together and len(self._waiting) < self._group_max:
                    await asyncio.sleep(self._window_seconds)
        finally:
            self._working = None

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
