"""Takes wake-ups out of a queue in batches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import structlog

from sightline.common.queue.link import Link
from sightline.common.settings import RedisSettings

log = structlog.get_logger()


class Consumer:
    """The consuming end of one queue."""

    def __init__(self, settings: RedisSettings, queue: str) -> None:
        self._link = Link(settings, f"consumer-{queue}")
        self._queue = queue
        # A wait as long as the socket's patience would look like a server that is away.
        self._wait_max_seconds = settings.socket_timeout_seconds / 2

    @property
    def available(self) -> bool:
        """Whether Redis answered the last time it was asked."""
        return self._link.available

    async def close(self) -> None:
        """Close the connection, after the pop that is under way."""
        await self._link.close()

    async def pop(self, count: int, wait_seconds: float) -> list[UUID] | None:
        """Take the wake-ups of up to `count` tasks, waiting only while there is none.

        Returns:
            Task ids of the most urgent step that has any, in their order; none when the wait is over; None when Redis
            is away.
        """
        wait = min(wait_seconds, self._wait_max_seconds)
        messages = await self._link.call(lambda channel: channel.pop(self._queue, count, wait))
        return None if messages is None else list(self._task_ids(messages))

    def _task_ids(self, messages: Iterable[Any]) -> Iterable[UUID]:
        for message in messages:
            try:
                yield UUID(message.payload["task"])
            except (KeyError, TypeError, ValueError) as error:
                # Nobody of ours writes such a message; the task it may have meant is found from its row.
                log.warning("message_unreadable", queue=self._queue, error=str(error)[:200])
