"""Upkeep of deliveries: what the leading gateway does with them."""

from __future__ import annotations

import structlog

from sightline.common.state.deliveries import Deliveries
from sightline.common.telemetry import Metrics

log = structlog.get_logger()

_PENDING = "pending"


class DeliveryUpkeep:
    """Duties: every method returns whether there may be more to do at once."""

    def __init__(self, deliveries: Deliveries, metrics: Metrics, *, count: int, keep_seconds: float) -> None:
        """Prepare to keep house.

        Args:
            deliveries: the rows.
            metrics: shows the backlog.
            count: rows that are changed at once at most.
            keep_seconds: how long a delivery is kept after its end.
        """
        self._deliveries = deliveries
        self._metrics = metrics
        self._count = count
        self._keep_seconds = keep_seconds

    async def end_unwanted(self) -> bool:
        """Give up what is due for disabled webhooks."""
        return self._noted("ended", await self._deliveries.end_unwanted("The webhook was disabled", self._count))

    async def purge(self) -> bool:
        """Delete deliveries that ended long ago."""
        purged = await self._deliveries.purge(older_seconds=self._keep_seconds, count=self._count)
        return self._noted("purged", purged)

    async def purge_orphans(self) -> bool:
        """Delete deliveries of deleted webhooks."""
        return self._noted("orphans_purged", await self._deliveries.purge_orphans(self._count))

    async def export(self) -> bool:
        """Show how many deliveries wait, and for how long."""
        count, oldest_seconds = await self._deliveries.backlog()
        self._metrics.webhook_backlog.labels(_PENDING).set(count)
        self._metrics.webhook_oldest_seconds.labels(_PENDING).set(oldest_seconds)
        return False

    def withdraw(self) -> None:
        """Take the gauges away: what this process would go on showing is no longer so."""
        self._metrics.webhook_backlog.clear()
        self._metrics.webhook_oldest_seconds.clear()

    def _noted(self, what: str, count: int) -> bool:
        if count:
            log.info("deliveries_kept", what=what, rows=count)
        return count >= self._count
