"""Depths: how much waits in each queue, asked of the database at most once a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection

from sightline.common.state.upkeep import Depth, Upkeep
from sightline.common.telemetry import Metrics

_FRESH_SECONDS = 1.0


class Depths:
    """The depths of all queues, for whoever asks, and as gauges on the gateway that leads."""

    def __init__(self, upkeep: Upkeep, metrics: Metrics, queues: Collection[str]) -> None:
        self._upkeep = upkeep
        self._metrics = metrics
        self._queues = set(queues)
        self._lock = asyncio.Lock()
        self._depths: list[Depth] = []
        self._read_at = float("-inf")

    async def read(self) -> list[Depth]:
        """Give the depth of every queue, also of empty ones, by name."""
        async with self._lock:
            if time.monotonic() - self._read_at > _FRESH_SECONDS:
                found = {one.queue: one for one in await self._upkeep.depths()}
                # A queue that was seen once stays, so that its gauge falls to 0 and does not stand still.
                self._queues.update(found)
                self._depths = [found.get(name) or Depth(name, 0, 0, 0.0) for name in sorted(self._queues)]
                self._read_at = time.monotonic()
            return self._depths

    async def export(self) -> bool:
        """Set the gauges; there is never more to do."""
        for one in await self.read():
            self._metrics.queue_depth.labels(one.queue).set(one.waiting + one.running)
            self._metrics.queue_oldest_seconds.labels(one.queue).set(one.oldest_seconds)
        return False

    def withdraw(self) -> None:
        """Take the gauges away: what this process would go on showing is no longer so."""
        self._metrics.queue_depth.clear()
        self._metrics.queue_oldest_seconds.clear()
