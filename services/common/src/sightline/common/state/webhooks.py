"""Webhooks: the addresses of tenants that are told when jobs end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sightline.common.errors import NotFound, Reason, SightlineError
from sightline.common.state.database import Database


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook to store.

    Attributes:
        states, kinds, labels: what is told; empty for all.
        secret: what its deliveries are signed with.
        body_sha256: digest of the request, to tell a repeat from a reuse of `request_id`.
    """

    tenant: str
    webhook_id: UUID
    uri: str
    secret: bytes = field(repr=False)
    body_sha256: bytes
    display_name: str = ""
    disabled: bool = False
    states: Sequence[int] = ()
    kinds: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    request_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is changed of a webhook; None stays as it is."""

    uri: str | None = None
    display_name: str | None = None
    disabled: bool | None = None
    states: Sequence[int] | None = None
    kinds: Sequence[str] | None = None
    labels: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """A row of `webhooks`."""

    tenant: str
    webhook_id: UUID
    uri: str
    display_name: str
    disabled: bool
    states: list[int]
    kinds: list[str]
    labels: dict[str, str]
    secret: bytes = field(repr=False)
    request_id: UUID | None
    body_sha256: bytes
    create_time: datetime
    update_time: datetime


class Webhooks:
    """The webhooks of every tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, webhook: NewWebhook, *, count_max: int) -> Webhook:
        """Store a webhook, or find the one that the same request has stored.

        Args:
            webhook: what is to be stored.
            count_max: how many the tenant may have.

        Raises:
            SightlineError: WEBHOOK_LIMIT_REACHED or REQUEST_ID_REUSED.
        """
        rows = await self._database.fetch(Webhook, "webhooks.add", {**_columns(webhook), "count_max": count_max})
        if rows:
            return rows[0]
        if (earlier := await self._earlier(webhook)) is None:
            raise SightlineError(Reason.WEBHOOK_LIMIT_REACHED, f"There are {count_max} webhooks, and may be no more")
        if earlier.body_sha256 != webhook.body_sha256:
            raise SightlineError(
                Reason.REQUEST_ID_REUSED, f"request_id {webhook.request_id} was used for another request"
            )
        return earlier

    async def _earlier(self, webhook: NewWebhook) -> Webhook | None:
        parameters = {"tenant": webhook.tenant, "request_id": webhook.request_id}
        rows = await self._database.fetch(Webhook, "webhooks.by_request", parameters) if webhook.request_id else []
        return rows[0] if rows else None

    async def get(self, tenant: str, webhook_id: UUID) -> Webhook:
        """Read one webhook.

        Raises:
            NotFound: when the tenant has no such webhook.
        """
        parameters = {"tenant": tenant, "webhook_id": webhook_id}
        return _one(await self._database.fetch(Webhook, "webhooks.get", parameters), webhook_id)

    async def list_page(self, tenant: str, *, before: UUID | None = None, count: int = 50) -> list[Webhook]:
        """Read webhooks, the newest first, beginning behind `before`."""
        parameters = {"tenant": tenant, "before": before, "count": count}
        return await self._database.fetch(Webhook, "webhooks.list", parameters)

    async def update(self, tenant: str, webhook_id: UUID, change: Change) -> Webhook:
        """Change a webhook.

        Raises:
            NotFound: when the tenant has no such webhook.
        """
        parameters = {"tenant": tenant, "webhook_id": webhook_id, **_columns(change)}
        return _one(await self._database.fetch(Webhook, "webhooks.update", parameters), webhook_id)

    async def delete(self, tenant: str, webhook_id: UUID) -> None:
        """Forget a webhook; housekeeping deletes its deliveries.

        Raises:
            NotFound: when the tenant has no such webhook.
        """
        parameters = {"tenant": tenant, "webhook_id": webhook_id}
        if not await self._database.rows("webhooks.delete", parameters):
            raise NotFound(f"webhooks/{webhook_id}")


def _columns(values: NewWebhook | Change) -> dict[str, Any]:
    columns = {name: getattr(values, name) for name in type(values).__slots__}
    for name in ("states", "kinds"):
        columns[name] = None if columns[name] is None else list(columns[name])
    columns["labels"] = None if columns["labels"] is None else json.dumps(dict(columns["labels"]))
    return columns


def _one(rows: Sequence[Webhook], webhook_id: UUID) -> Webhook:
    if not rows:
        raise NotFound(f"webhooks/{webhook_id}")
    return rows[0]
