"""Kombu's Redis transport with one cached client, and with a push and a pop of many messages at once.

The stock channel builds a client for every command, a producer's worth of objects for every message, and keeps a
record of every delivery until it is acknowledged. What lies in Redis is kombu's own format all the same; the lease in
PostgreSQL is the acknowledgement: a message that was popped is gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kombu import Connection
from kombu.transport import redis as stock
from kombu.utils.json import loads

from sightline.common.queue.wire import STEPS
from sightline.common.settings import RedisSettings


class BatchChannel(stock.Channel):  # type: ignore[misc]
    """A channel that pops in batches and keeps one client for all its commands."""

    priority_steps = STEPS

    @contextmanager
    def conn_or_acquire(self, client: Any = None) -> Iterator[Any]:
        """Lend the channel's one client, in the place of a new one for every command."""
        yield client or self._cached

    @property
    def _cached(self) -> Any:
        if (client := self.__dict__.get("_cached_client")) is None:
            client = self.__dict__["_cached_client"] = self._create_client()
        return client

    def pop(self, queue: str, count: int, wait_seconds: float) -> list[Any]:
        """Take up to `count` messages of the most urgent step that has any, waiting only while none has.

        Returns:
            Kombu messages in their order; none when the wait is over.
        """
        keys = [self._q_for_pri(queue, step) for step in self.priority_steps]
        if wait_seconds > 0:
            taken = self._cached.blmpop(wait_seconds, len(keys), *keys, direction="RIGHT", count=count)
        else:
            taken = self._cached.lmpop(len(keys), *keys, direction="RIGHT", count=count)
        return [self.message_to_python(loads(one)) for one in taken[1]] if taken else []

    def push(self, queue: str, messages: Iterable[tuple[str, int, Mapping[str, str]]]) -> None:
        """Add messages to a queue, in one round trip.

        They arrive as a whole: else who waits is woken by the first one, and takes only that.

        Args:
            messages: the body as JSON, the priority step and the headers of each.
        """
        by_key: dict[str, list[str]] = {}
        for body, step, headers in messages:
            message = self.prepare_message(body, step, "application/json", "utf-8", dict(headers))
            self._inplace_augment_message(message, exchange="", routing_key=queue)
            by_key.setdefault(self._q_for_pri(queue, step), []).append(json.dumps(message))
        with self._cached.pipeline(transaction=len(by_key) > 1) as pipeline:
            for key, texts in by_key.items():
                pipeline.lpush(key, *texts)
            pipeline.execute()

    def length(self, queue: str) -> int:
        """Count the messages that wait on all priority steps."""
        return int(self._size(queue))


class BatchTransport(stock.Transport):  # type: ignore[misc]
    """The Redis transport over `BatchChannel`."""

    Channel = BatchChannel


def connect(settings: RedisSettings) -> Connection:
    """Make a connection (not yet open) that notices a dead server instead of hanging on it."""
    timeout = settings.socket_timeout_seconds
    return Connection(
        settings.url.get_secret_value(),
        transport=BatchTransport,
        connect_timeout=timeout,
        transport_options={
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "socket_keepalive": True,
            "health_check_interval": timeout,
            "retry_on_timeout": False,
        },
    )
