"""Sends the wake-ups for tasks. A wake-up that could not be sent costs time, never the task."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.common.queue.link import Link
from sightline.common.queue.transport import BatchChannel
from sightline.common.queue.wire import Message, step_of
from sightline.common.settings import RedisSettings
from sightline.common.telemetry.metrics import Metrics


class Publisher:
    """Publishes in batches, one round trip each."""

    def __init__(self, settings: RedisSettings, metrics: Metrics) -> None:
        self._link = Link(settings, "publisher")
        self._metrics = metrics

    @property
    def available(self) -> bool:
        """Whether Redis answered the last time it was asked."""
        return self._link.available

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    async def publish(self, queue: str, messages: Sequence[Message]) -> bool:
        """Send wake-ups for tasks that are committed.

        Returns:
            Whether Redis took them; if not, housekeeping sends them again from the rows.
        """
        if not messages:
            return True
        sent = await self._link.call(lambda channel: _send(channel, queue, messages))
        if sent:
            self._metrics.tasks_published.labels(queue).inc(len(messages))
        return bool(sent)

    async def length(self, queue: str) -> int | None:
        """Count the messages that lie in Redis; None when it is away."""
        return await self._link.call(lambda channel: channel.length(queue))


def _send(channel: BatchChannel, queue: str, messages: Sequence[Message]) -> bool:
    # A message that did arrive although the connection broke is refused by the claim when it comes twice.
    channel.push(queue, ((f'{{"task": "{one.task_id}"}}', step_of(one.priority), _headers(one)) for one in messages))
    return True


def _headers(message: Message) -> dict[str, str]:
    return {"traceparent": message.trace_context} if message.trace_context else {}
