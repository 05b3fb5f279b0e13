"""Publication: the messages of stored tasks go to Redis as far as the window of their queue has room."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import structlog

from sightline.common.errors import SightlineError
from sightline.common.queue import Message, Publisher
from sightline.common.state.signals import Signals

log = structlog.get_logger()

# How old a measured length may be while tasks come in: at some thousand a second the window is filled in less.
_FRESH_SECONDS = 0.1
_BATCH_MAX = 500


class Publication:
    """Sends messages behind the callers' backs: a submission is acknowledged when it is stored, not when it is sent.

    Redis holds only a window of each queue; what has no room there waits in PostgreSQL, where it can still be
    cancelled and reordered, until housekeeping publishes it.
    """

    def __init__(self, publisher: Publisher, signals: Signals, window: int) -> None:
        """Prepare to publish.

        Args:
            publisher: the connection.
            signals: wakes workers while Redis is away.
            window: how many messages of a queue lie in Redis at most, give or take what others send meanwhile.
        """
        self._publisher = publisher
        self._signals = signals
        self._window = window
        self._lengths: dict[str, int] = {}
        self._measured: dict[str, float] = {}
        self._waiting: dict[str, list[Message]] = {}
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._measuring: dict[str, asyncio.Task[None]] = {}
        self._signalling: dict[str, asyncio.Task[None]] = {}

    def reserve(self, queue: str) -> bool:
        """Take a place in the window of a queue for a message that will be offered once its task is stored."""
        self._measure_soon(queue)
        length = self._lengths.get(queue, 0)
        if length >= self._window or not self._publisher.available:
            return False
        self._lengths[queue] = length + 1
        return True

    def offer(self, queue: str, messages: Iterable[Message]) -> None:
        """Send messages soon; those that can't be sent are left to housekeeping, which finds their rows."""
        waiting = self._waiting.setdefault(queue, [])
        waiting += messages
        if waiting and queue not in self._sending:
            self._sending[queue] = asyncio.create_task(self._send(queue, waiting), name=f"publish to {queue}")

    def missed(self, queue: str) -> None:
        """Wake workers through the database for tasks that were not offered, if Redis is away."""
        if not self._publisher.available and queue not in self._signalling:
            self._signalling[queue] = asyncio.create_task(self._signal(queue), name=f"signal {queue}")

    async def close(self) -> None:
        """Wait until what was offered is sent, or is left to housekeeping."""
        await asyncio.gather(*self._sending.values(), *self._measuring.values(), *self._signalling.values())

    async def _send(self, queue: str, waiting: list[Message]) -> None:
        try:
            while waiting:
                batch, waiting[:] = waiting[:_BATCH_MAX], waiting[_BATCH_MAX:]
                if not await self._publisher.publish(queue, batch):
                    # Away: to try each batch would hold up for minutes what comes when it is back.
                    waiting.clear()
                    await self._signal(queue)
        finally:
            del self._sending[queue]

    async def _signal(self, queue: str) -> None:
        try:
            await self._signals.notify(queue)
        except SightlineError as error:
            log.debug("workers_not_signalled", queue=queue, reason=error.reason.value)
        finally:
            self._signalling.pop(queue, None)

    def _measure_soon(self, queue: str) -> None:
        if queue not in self._measuring and time.monotonic() - self._measured.get(queue, 0.0) > _FRESH_SECONDS:
            self._measuring[queue] = asyncio.create_task(self._measure(queue), name=f"measure {queue}")

    async def _measure(self, queue: str) -> None:
        try:
            length = await self._publisher.length(queue)
            if length is not None:
                self._lengths[queue] = length + len(self._waiting.get(queue, ()))
        finally:
            self._measured[queue] = time.monotonic()
            del self._measuring[queue]
