"""WebhookService of the scripted server: webhooks and deliveries in memory."""

# ruff: noqa: N802 - methods have their names from the contract

from __future__ import annotations

import uuid
from typing import Any

from google.protobuf import empty_pb2
from scripted_calls import Script, not_found, paged

from sightline.v1 import (
    webhook_pb2,
    webhook_service_pb2,
    webhook_service_pb2_grpc,
)


class Webhooks(webhook_service_pb2_grpc.WebhookServiceServicer):
    def __init__(self, script: Script) -> None:
        self.script = script

    async def webhook(self, name: str, context: Any) -> webhook_pb2.Webhook:
        if name not in self.script.webhooks:
            await not_found(context, name)
        return self.script.webhooks[name]

    async def CreateWebhook(self, request, context):
        await self.script.enter("CreateWebhook", request, context)
        name = f"webhooks/{uuid.uuid5(uuid.NAMESPACE_OID, request.request_id)}"
        made = webhook_pb2.Webhook(name=name)
        made.MergeFrom(request.webhook)
        self.script.webhooks[name] = made
        await self.script.leave("CreateWebhook", context)
        shown = webhook_pb2.Webhook(secret="whsec_c2VjcmV0")
        shown.MergeFrom(made)
        return shown

    async def GetWebhook(self, request, context):
        await self.script.enter("GetWebhook", request, context)
        return await self.webhook(request.name, context)

    async def ListWebhooks(self, request, context):
        await self.script.enter("ListWebhooks", request, context)
        page, token = paged(list(self.script.webhooks.values()), request.page_token)
        return webhook_service_pb2.ListWebhooksResponse(webhooks=page, next_page_token=token)

    async def UpdateWebhook(self, request, context):
        await self.script.enter("UpdateWebhook", request, context)
        changed = await self.webhook(request.webhook.name, context)
        for path in request.update_mask.paths:
            changed.ClearField(path)
        changed.MergeFrom(request.webhook)
        return changed

    async def DeleteWebhook(self, request, context):
        await self.script.enter("DeleteWebhook", request, context)
        await self.webhook(request.name, context)
        del self.script.webhooks[request.name]
        return empty_pb2.Empty()

    async def TestWebhook(self, request, context):
        await self.script.enter("TestWebhook", request, context)
        await self.webhook(request.name, context)
        name = f"{request.name}/deliveries/{uuid.uuid4()}"
        dead = webhook_pb2.WebhookDelivery.STATE_DEAD
        self.script.deliveries[name] = webhook_pb2.WebhookDelivery(
            name=name, event="webhook.test", state=dead, attempt_count=17, status_code=500, error_message="status 500"
        )
        return self.script.deliveries[name]

    async def ListWebhookDeliveries(self, request, context):
        await self.script.enter("ListWebhookDeliveries", request, context)
        wanted = [one for one in self.script.deliveries.values() if request.state in (0, one.state)]
        page, token = paged(wanted, request.page_token)
        return webhook_service_pb2.ListWebhookDeliveriesResponse(deliveries=page, next_page_token=token)

    async def GetWebhookDelivery(self, request, context):
        await self.script.enter("GetWebhookDelivery", request, context)
        return self.script.deliveries[request.name]

    async def RedeliverWebhook(self, request, context):
        await self.script.enter("RedeliverWebhook", request, context)
        if request.name not in self.script.deliveries:
            await not_found(context, request.name)
        self.script.deliveries[request.name].state = webhook_pb2.WebhookDelivery.STATE_PENDING
        return self.script.deliveries[request.name]
