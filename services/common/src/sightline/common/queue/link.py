"""Kombu on a thread of its own: its connections are synchronous and belong to one thread each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import structlog
from kombu import Connection

from sightline.common.queue.transport import BatchChannel, connect
from sightline.common.settings import RedisSettings

log = structlog.get_logger()
T = TypeVar("T")

# How long a call waits to hear that Redis is back: a server that is up answers in much less.
_PROBE_SECONDS = 0.2


class Link:
    """One connection and the thread that owns it; made anew after every failure."""

    def __init__(self, settings: RedisSettings, name: str) -> None:
        self._settings = settings
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._connection: Connection | None = None
        self._channel: BatchChannel | None = None
        self._probing: asyncio.Task[None] | None = None
        self.available = True

    async def call(self, work: Callable[[BatchChannel], T]) -> T | None:
        """Run work on the thread with an open channel.

        While Redis is away nobody waits for it long, not even when it takes connections and does not answer:
        whether it is back is found out behind the callers' backs.

        Returns:
            What the work returns, or None when Redis is away; the next call tries to connect again.
        """
        if not self.available:
            self._probing = self._probing or asyncio.create_task(self._probe())
            await asyncio.wait({self._probing}, timeout=_PROBE_SECONDS)
            if not self.available:
                return None
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    async def _probe(self) -> None:
        try:
            # To open a channel is to ask for an answer.
            await asyncio.get_running_loop().run_in_executor(self._thread, self._run, lambda _channel: True)
        finally:
            self._probing = None

    async def close(self) -> None:
        """Close the connection and end the thread, after the work that is under way."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown(wait=True)

    def _run(self, work: Callable[[BatchChannel], T]) -> T | None:
        try:
            outcome = work(self._open())
        except self._errors() as error:
            self._disconnect()
            self._note(available=False, error=type(error).__name__)
            return None
        self._note(available=True)
        return outcome

    def _open(self) -> BatchChannel:
        if self._channel is None:
            self._connection = connect(self._settings)
            self._channel = self._connection.channel()
        return self._channel

    def _errors(self) -> tuple[type[BaseException], ...]:
        transport: Any = self._connection or connect(self._settings)
        return (*transport.connection_errors, *transport.channel_errors, OSError)

    def _disconnect(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            try:
                connection.close()
            except Exception as error:  # closing a broken connection may fail in any way
                log.debug("queue_close_failed", error=type(error).__name__)

    def _note(self, *, available: bool, **fields: str) -> None:
        if available != self.available:
            self.available = available
            log.warning("queue_back" if available else "queue_away", **fields)
