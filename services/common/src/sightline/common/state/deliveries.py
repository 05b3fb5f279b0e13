"""Deliveries: what webhooks are still to be told, and what became of telling them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from sightline.common.errors import NotFound
from sightline.common.state.database import Database
from sightline.common.state.jobs import Job


class DeliveryState(IntEnum):
    """Where a delivery stands; the numbers of `sightline.v1.WebhookDelivery.State`."""

    PENDING = 1
    DELIVERED = 2
    DEAD = 3


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of `webhook_deliveries`, without what is sent; `count` is how often it was sent."""

    tenant: str
    delivery_id: UUID
    webhook_id: UUID
    event: str
    job_id: UUID | None
    state: int
    count: int
    status_code: int
    error: str
    create_time: datetime
    attempt_time: datetime | None
    due_time: datetime
    end_time: datetime | None


@dataclass(frozen=True, slots=True, order=True)
class Receiver:
    """A webhook of a tenant, by which deliveries take turns."""

    tenant: str
    webhook_id: UUID


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is this process's to make until its lease ends.

    Attributes:
        attempt: the fencing token.
        count: how often it was sent, this time included.
        tries: likewise, since it was last redelivered.
        secret: what it is signed with.
    """

    tenant: str
    delivery_id: UUID
    webhook_id: UUID
    event: str
    job_id: UUID | None
    transition: int | None
    attempt: int
    count: int
    tries: int
    create_time: datetime
    uri: str
    secret: bytes = field(repr=False)

    @property
    def receiver(self) -> Receiver:
        """Whose turn it is."""
        return Receiver(self.tenant, self.webhook_id)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt.

    Attributes:
        delay_seconds: how long the next attempt waits, if the state is pending.
        status_code: of the answer; 0 if there was none.
        error: what went wrong, or empty.
    """

    claimed: Claimed
    state: DeliveryState
    delay_seconds: float = 0.0
    status_code: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Waiting:
    tenant: str
    webhook_id: UUID
    due: bool


class Deliveries:
    """The deliveries of every tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, after: Receiver | None, count: int) -> tuple[list[Receiver], Receiver | None]:
        """Name webhooks for which deliveries are due, looking at `count` that have pending ones.

        Args:
            after: where to begin; None for the start.
            count: how many are looked at.

        Returns:
            Those with due deliveries; and where to go on, None when all were looked at.
        """
        begin = after or Receiver("", UUID(int=0))
        parameters = {"tenant": begin.tenant, "webhook_id": begin.webhook_id, "count": count}
        rows = await self._database.fetch(_Waiting, "deliveries.waiting", parameters)
        receivers = [Receiver(row.tenant, row.webhook_id) for row in rows]
        found = [receiver for receiver, row in zip(receivers, rows, strict=True) if row.due]
        return found, receivers[-1] if len(rows) == count else None

    async def claim(self, turns: Sequence[tuple[Receiver, int]], lease_seconds: float) -> list[Claimed]:
        """Take due deliveries: of each receiver as many as are named; what others hold is left to them."""
        parameters = {
            "tenants": [receiver.tenant for receiver, _ in turns],
            "webhook_ids": [receiver.webhook_id for receiver, _ in turns],
            "counts": [count for _, count in turns],
            "lease_seconds": lease_seconds,
        }
        return await self._database.fetch(Claimed, "deliveries.claim", parameters)

    async def jobs(self, claims: Sequence[Claimed]) -> dict[tuple[UUID, int], Job]:
        """Read the jobs of deliveries as they ended, by job id and transition."""
        parameters = {
            "tenants": [one.tenant for one in claims],
            "delivery_ids": [one.delivery_id for one in claims],
        }
        rows = await self._database.fetch(Job, "deliveries.jobs", parameters)
        return {(row.job_id, len(row.history)): row for row in rows}

    async def settle(self, outcomes: Sequence[Outcome]) -> list[bool]:
        """Write what became of attempts; says of each whether the delivery was still this process's."""
        parameters = {
            "tenants": [one.claimed.tenant for one in outcomes],
            "delivery_ids": [one.claimed.delivery_id for one in outcomes],
            "attempts": [one.claimed.attempt for one in outcomes],
            "states": [int(one.state) for one in outcomes],
            "delays_seconds": [one.delay_seconds for one in outcomes],
            "status_codes": [one.status_code for one in outcomes],
            "errors": [one.error for one in outcomes],
        }
        settled = {row[0] for row in await self._database.rows("deliveries.settle", parameters)}
        return [one.claimed.delivery_id in settled for one in outcomes]

    async def hand_back(self, claims: Sequence[Claimed]) -> None:
        """Give back claims to which no answer came, so that another process makes the deliveries at once."""
        parameters = {
            "tenants": [one.tenant for one in claims],
            "delivery_ids": [one.delivery_id for one in claims],
            "attempts": [one.attempt for one in claims],
        }
        await self._database.rows("deliveries.hand_back", parameters)

    async def get(self, tenant: str, webhook_id: UUID, delivery_id: UUID) -> Delivery:
        """Read one delivery.

        Raises:
            NotFound: when the webhook has no such delivery.
        """
        parameters = {"tenant": tenant, "webhook_id": webhook_id, "delivery_id": delivery_id}
        rows = await self._database.fetch(Delivery, "deliveries.get", parameters)
        if not rows:
            raise NotFound(f"webhooks/{webhook_id}/deliveries/{delivery_id}")
        return rows[0]

    async def list_page(
        self,
        tenant: str,
        webhook_id: UUID | None = None,
        state: DeliveryState | None = None,
        *,
        before: UUID | None = None,
        count: int = 50,
    ) -> list[Delivery]:
        """Read deliveries, the newest first, beginning behind `before`; None for those of all webhooks or states."""
        parameters = {"tenant": tenant, "webhook_id": webhook_id, "state": state, "before": before, "count": count}
        return await self._database.fetch(Delivery, "deliveries.list", parameters)

    async def add_test(self, tenant: str, webhook_id: UUID) -> Delivery:
        """Store a delivery that tells of no job.

        Raises:
            NotFound: when the tenant has no such webhook.
        """
        parameters = {"tenant": tenant, "webhook_id": webhook_id}
        rows = await self._database.rows("deliveries.test", parameters)
        if not rows:
            raise NotFound(f"webhooks/{webhook_id}")
        return await self.get(tenant, webhook_id, rows[0][0])

    async def redeliver(self, tenant: str, webhook_id: UUID, delivery_id: UUID) -> Delivery:
        """Make a delivery due again, with a fresh count of tries.

        Raises:
            NotFound: when the webhook has no such delivery.
        """
        parameters = {"tenant": tenant, "webhook_id": webhook_id, "delivery_id": delivery_id}
        await self._database.rows("deliveries.redeliver", parameters)
        return await self.get(tenant, webhook_id, delivery_id)

    async def backlog(self) -> tuple[int, float]:
        """Count the pending deliveries of all tenants, and the seconds for which the longest due one has been due."""
        (row,) = await self._database.rows("deliveries.backlog")
        return int(row[0]), float(row[1])

    async def end_unwanted(self, error: str, count: int = 500) -> int:
        """Give up what is due for disabled webhooks; returns how many, at most `count`."""
        return len(await self._database.rows("deliveries.end_unwanted", {"error": error, "count": count}))

    async def purge(self, *, older_seconds: float, count: int = 500) -> int:
        """Delete deliveries that ended that long ago; returns how many, at most `count`."""
        parameters = {"older_seconds": older_seconds, "count": count}
        return len(await self._database.rows("deliveries.purge", parameters))

    async def purge_orphans(self, count: int = 500) -> int:
        """Delete deliveries whose webhook is gone; returns how many, at most `count`."""
        return len(await self._database.rows("deliveries.purge_orphans", {"count": count}))
