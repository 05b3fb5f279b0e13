"""The calls being answered, so that a drain can wait for them and then end those that remain."""

from __future__ import annotations

import asyncio

from sightline.common.rpc.calls import Call


class InFlight:
    """The running calls of one server, by their asyncio task."""

    def __init__(self) -> None:
        self._calls: dict[asyncio.Task[object], tuple[Call, bool]] = {}
        self._empty = asyncio.Event()
        self._empty.set()
        self._draining = False

    def __len__(self) -> int:
        return len(self._calls)

    def enter(self, call: Call, *, ends_at_drain: bool) -> asyncio.Task[object] | None:
        """Note that the current task answers the call."""
        task = asyncio.current_task()
        if task is not None:
            self._calls[task] = (call, ends_at_drain)
            self._empty.clear()
            if self._draining and ends_at_drain:
                self._end(task, call)
        return task

    def leave(self, task: asyncio.Task[object] | None) -> None:
        """Note that the call has its answer."""
        if task is not None:
            self._calls.pop(task, None)
            if not self._calls:
                self._empty.set()

    async def drain(self, seconds: float) -> int:
        """End the streams that would last for ever, wait for the rest, and end what is left after that.

        Returns:
            How many calls had to be ended before they were answered.
        """
        self._draining = True
        for task, (call, ends_at_drain) in list(self._calls.items()):
            if ends_at_drain:
                self._end(task, call)
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            return self._end_all()
        return 0

    def _end_all(self) -> int:
        left = list(self._calls.items())
        for task, (call, _) in left:
            self._end(task, call)
        return len(left)

    @staticmethod
    def _end(task: asyncio.Task[object], call: Call) -> None:
        call.drained = True
        task.cancel()
