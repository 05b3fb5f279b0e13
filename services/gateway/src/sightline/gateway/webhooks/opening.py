"""Puts the parts of webhooks together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.common.state.database import Database
from sightline.common.state.deliveries import Deliveries
from sightline.common.state.webhooks import Webhooks
from sightline.common.telemetry import Metrics
from sightline.common.worker.backoff import Backoff
from sightline.gateway.duties import Duty
from sightline.gateway.egress import Egress
from sightline.gateway.settings import Settings
from sightline.gateway.webhooks.changes import Changes
from sightline.gateway.webhooks.dispatcher import Dispatcher
from sightline.gateway.webhooks.receivers import Receivers
from sightline.gateway.webhooks.sender import Sender
from sightline.gateway.webhooks.servicer import WebhookServicer
from sightline.gateway.webhooks.turns import Bounds
from sightline.gateway.webhooks.upkeep import DeliveryUpkeep
from sightline.gateway.webhooks.verdicts import Verdicts


@dataclass(frozen=True, slots=True)
class WebhookParts:
    """What the gateway runs.

    Attributes:
        servicer: answers calls.
        dispatcher: makes deliveries, on every gateway.
        duties: what the leading gateway does.
        upkeep: does those duties.
    """

    servicer: WebhookServicer
    dispatcher: Dispatcher
    duties: Sequence[Duty]
    upkeep: DeliveryUpkeep


def build_webhooks(settings: Settings, database: Database, metrics: Metrics, egress: Egress) -> WebhookParts:
    """Build what tells receivers; nothing of it runs yet.

    Args:
        settings: of the gateway.
        database: with webhooks and deliveries.
        metrics: counts.
        egress: the way out.
    """
    own, deliveries = settings.webhooks, Deliveries(database)
    receivers = Receivers(own, settings.egress.ports)
    servicer = WebhookServicer(
        Webhooks(database),
        deliveries,
        Changes(receivers),
        count_max=own.per_tenant_max,
        request_id_seconds=settings.housekeeping.request_id_seconds,
    )
    dispatcher = Dispatcher(
        deliveries,
        Sender(egress, receivers, own.attempt_seconds),
        Verdicts(Backoff(own.first_delay_seconds, own.max_delay_seconds), own.attempts_max),
        metrics,
        bounds=Bounds(own.at_once, own.at_once_per_tenant, own.at_once_per_webhook),
        lease_seconds=own.lease_seconds,
        poll_seconds=own.poll_seconds,
    )
    count = settings.housekeeping.purge_max
    upkeep = DeliveryUpkeep(deliveries, metrics, count=count, keep_seconds=own.keep_seconds)
    return WebhookParts(servicer, dispatcher, _duties(settings, upkeep), upkeep)


def _duties(settings: Settings, upkeep: DeliveryUpkeep) -> list[Duty]:
    purge_seconds = settings.housekeeping.purge_seconds
    return [
        Duty("end_unwanted_deliveries", purge_seconds, upkeep.end_unwanted),
        Duty("purge_deliveries", purge_seconds, upkeep.purge),
        Duty("purge_orphaned_deliveries", purge_seconds, upkeep.purge_orphans),
        Duty("export_delivery_backlog", settings.webhooks.backlog_seconds, upkeep.export),
    ]
