"""Webhooks and deliveries as clients see them, and what a receiver is sent; pure."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any
from uuid import UUID

from google.protobuf.json_format import MessageToDict

from sightline.common.errors import NotFound
from sightline.common.state.deliveries import Claimed, Delivery, DeliveryState
from sightline.common.state.jobs import Job
from sightline.common.state.webhooks import Webhook
from sightline.gateway import names
from sightline.gateway.conversion import job_message
from sightline.gateway.names import job_name
from sightline.gateway.times import timestamp
from sightline.gateway.webhooks.signing import secret_text
from sightline.v1 import job_pb2, webhook_pb2

_DELIVERIES = "deliveries"


def webhook_name(webhook_id: UUID) -> str:
    """Write the name of a webhook."""
    return f"{names.WEBHOOKS}/{webhook_id}"


def delivery_ids(name: str) -> tuple[UUID, UUID]:
    """Read the ids of the webhook and of the delivery in a name.

    Raises:
        NotFound: the name can't be one of ours.
    """
    parent, _, last = name.partition(f"/{_DELIVERIES}/")
    try:
        return names.parse(names.WEBHOOKS, parent), names.parse(_DELIVERIES, f"{_DELIVERIES}/{last}")
    except NotFound:
        raise NotFound(name) from None


def webhook_message(row: Webhook, *, with_secret: bool = False) -> webhook_pb2.Webhook:
    """Write a webhook, by default without its secret."""
    return webhook_pb2.Webhook(
        name=webhook_name(row.webhook_id),
        uri=row.uri,
        display_name=row.display_name,
        disabled=row.disabled,
        states=(job_pb2.Job.State.ValueType(state) for state in row.states),
        kinds=row.kinds,
        labels=row.labels,
        secret=secret_text(row.secret) if with_secret else "",
        create_time=timestamp(row.create_time),
        update_time=timestamp(row.update_time),
    )


def delivery_message(row: Delivery) -> webhook_pb2.WebhookDelivery:
    """Write a delivery."""
    pending = row.state == DeliveryState.PENDING
    return webhook_pb2.WebhookDelivery(
        name=f"{webhook_name(row.webhook_id)}/{_DELIVERIES}/{row.delivery_id}",
        event=row.event,
        job=job_name(row.job_id) if row.job_id else "",
        state=webhook_pb2.WebhookDelivery.State.ValueType(row.state),
        attempt_count=row.count,
        status_code=row.status_code,
        error_message=row.error,
        create_time=timestamp(row.create_time),
        attempt_time=timestamp(row.attempt_time),
        next_attempt_time=timestamp(row.due_time) if pending else None,
        end_time=timestamp(row.end_time),
    )


def event_body(claimed: Claimed, job: Job | None) -> bytes:
    """Write what a receiver is sent, the same on every attempt.

    Args:
        claimed: the delivery.
        job: as it ended; None for an event that tells of none.
    """
    event: dict[str, Any] = {
        "type": claimed.event,
        "timestamp": claimed.create_time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": {
            "webhook": webhook_name(claimed.webhook_id),
            # As REST gives it: also what is zero is written.
            **({"job": MessageToDict(job_message(job), always_print_fields_with_no_presence=True)} if job else {}),
        },
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
