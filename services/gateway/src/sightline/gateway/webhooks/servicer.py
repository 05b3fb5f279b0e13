"""WebhookService: addresses that are told when jobs end."""

# ruff: noqa: N802 - methods have their names from the contract

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty

from sightline.common.errors import Reason, SightlineError
from sightline.common.rpc import Context, current_identity
from sightline.common.state.deliveries import Deliveries, DeliveryState
from sightline.common.state.webhooks import Webhooks
from sightline.gateway import names, page_tokens
from sightline.gateway.webhooks.changes import Changes
from sightline.gateway.webhooks.messages import delivery_ids, delivery_message, webhook_message
from sightline.v1 import webhook_pb2, webhook_service_pb2 as api, webhook_service_pb2_grpc

_EVERY = f"{names.WEBHOOKS}/-"


class WebhookServicer(webhook_service_pb2_grpc.WebhookServiceServicer):
    """Translates calls into what the state does, and its rows into messages."""

    def __init__(
        self,
        webhooks: Webhooks,
        deliveries: Deliveries,
        changes: Changes,
        *,
        count_max: int,
        request_id_seconds: float,
    ) -> None:
        """Take what the methods need.

        Args:
            webhooks: their rows.
            deliveries: the rows of what they are told.
            changes: reads requests.
            count_max: how many webhooks a tenant may have.
            request_id_seconds: for how long a call may be repeated.
        """
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._changes = changes
        self._count_max = count_max
        self._request_id_seconds = request_id_seconds

    async def CreateWebhook(self, request: api.CreateWebhookRequest, _context: Context) -> webhook_pb2.Webhook:
        """Create a webhook; the one answer with its secret, unless the call is repeated."""
        asked = self._changes.new(request, _tenant())
        row = await self._webhooks.add(asked, count_max=self._count_max)
        age = datetime.now(UTC) - row.create_time
        if row.webhook_id != asked.webhook_id and age.total_seconds() > self._request_id_seconds:
            message = f"request_id {request.request_id} was used too long ago to be repeated"
            raise SightlineError(Reason.REQUEST_ID_REUSED, message)
        return webhook_message(row, with_secret=True)

    async def GetWebhook(self, request: api.GetWebhookRequest, _context: Context) -> webhook_pb2.Webhook:
        """Read a webhook."""
        return webhook_message(await self._webhooks.get(_tenant(), names.parse(names.WEBHOOKS, request.name)))

    async def ListWebhooks(self, request: api.ListWebhooksRequest, _context: Context) -> api.ListWebhooksResponse:
        """Read a page of webhooks."""
        tenant, count = _tenant(), page_tokens.page_size(request.page_size)
        question = ("ListWebhooks", tenant)
        before = page_tokens.redeem_id(request.page_token, *question)
        rows = await self._webhooks.list_page(tenant, before=before, count=count + 1)
        token = page_tokens.issue(rows[count - 1].webhook_id.bytes, *question) if len(rows) > count else ""
        return api.ListWebhooksResponse(webhooks=map(webhook_message, rows[:count]), next_page_token=token)

    async def UpdateWebhook(self, request: api.UpdateWebhookRequest, _context: Context) -> webhook_pb2.Webhook:
        """Change a webhook."""
        webhook_id = names.parse(names.WEBHOOKS, request.webhook.name)
        return webhook_message(await self._webhooks.update(_tenant(), webhook_id, self._changes.change(request)))

    async def DeleteWebhook(self, request: api.DeleteWebhookRequest, _context: Context) -> Empty:
        """Delete a webhook."""
        await self._webhooks.delete(_tenant(), names.parse(names.WEBHOOKS, request.name))
        return Empty()

    async def TestWebhook(self, request: api.TestWebhookRequest, _context: Context) -> webhook_pb2.WebhookDelivery:
        """Send a test event."""
        webhook_id = names.parse(names.WEBHOOKS, request.name)
        return delivery_message(await self._deliveries.add_test(_tenant(), webhook_id))

    async def GetWebhookDelivery(
        self, request: api.GetWebhookDeliveryRequest, _context: Context
    ) -> webhook_pb2.WebhookDelivery:
        """Read a delivery."""
        webhook_id, delivery_id = delivery_ids(request.name)
        await self._webhooks.get(_tenant(), webhook_id)
        return delivery_message(await self._deliveries.get(_tenant(), webhook_id, delivery_id))

    async def ListWebhookDeliveries(
        self, request: api.ListWebhookDeliveriesRequest, _context: Context
    ) -> api.ListWebhookDeliveriesResponse:
        """Read a page of deliveries."""
        tenant, count = _tenant(), page_tokens.page_size(request.page_size)
        webhook_id = None if request.parent == _EVERY else names.parse(names.WEBHOOKS, request.parent)
        if webhook_id is not None:
            await self._webhooks.get(tenant, webhook_id)
        question = ("ListWebhookDeliveries", tenant, request.parent, str(request.state))
        before = page_tokens.redeem_id(request.page_token, *question)
        state = DeliveryState(request.state) if request.state else None
        rows = await self._deliveries.list_page(tenant, webhook_id, state, before=before, count=count + 1)
        token = page_tokens.issue(rows[count - 1].delivery_id.bytes, *question) if len(rows) > count else ""
        deliveries = map(delivery_message, rows[:count])
        return api.ListWebhookDeliveriesResponse(deliveries=deliveries, next_page_token=token)

    async def RedeliverWebhook(
        self, request: api.RedeliverWebhookRequest, _context: Context
    ) -> webhook_pb2.WebhookDelivery:
        """Send a delivery again."""
        webhook_id, delivery_id = delivery_ids(request.name)
        await self._webhooks.get(_tenant(), webhook_id)
        return delivery_message(await self._deliveries.redeliver(_tenant(), webhook_id, delivery_id))


def _tenant() -> str:
    return current_identity().tenant
