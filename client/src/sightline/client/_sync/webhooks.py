# Made from _async/webhooks.py by client/generate.py; never edited.
"""Addresses that are told when jobs end, and what they were told."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from google.protobuf.field_mask_pb2 import FieldMask

from sightline.client._sync.calls import Calls
from sightline.client.names import webhook_name
from sightline.client.requests import webhook_changes
from sightline.v1 import webhook_service_pb2_grpc
from sightline.v1.job_pb2 import Job
from sightline.v1.webhook_pb2 import Webhook, WebhookDelivery
from sightline.v1.webhook_service_pb2 import (
    CreateWebhookRequest,
    DeleteWebhookRequest,
    GetWebhookDeliveryRequest,
    GetWebhookRequest,
    ListWebhookDeliveriesRequest,
    ListWebhooksRequest,
    RedeliverWebhookRequest,
    TestWebhookRequest,
    UpdateWebhookRequest,
)

if TYPE_CHECKING:
    from sightline.v1.webhook_service_pb2_grpc import WebhookServiceStub


class Webhooks:
    """Register receivers, and look at what they were sent."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    @cached_property
    def _stub(self) -> WebhookServiceStub:
        return webhook_service_pb2_grpc.WebhookServiceStub(self._calls.channel)

    def create(
        self,
        uri: str,
        *,
        states: Sequence[Job.State.ValueType] = (),
        kinds: Sequence[str] = (),
        labels: Mapping[str, str] | None = None,
        name: str = "",
        disabled: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> Webhook:
        """Register an address; the answer alone has the `secret` that calls of it are signed with.

        Args:
            uri: an https address of a public host.
            states: which ends of jobs are told; empty for all.
            kinds: which kinds of analysis, such as `detect_faces`; empty for all.
            labels: what jobs must be labelled with; empty for all.
            name: what to call it.
            disabled: whether it is told nothing yet.
            request_id: a UUID that makes the call safe to repeat; made up if it is not given.
            timeout: how many seconds the call may take; None allows the client's own.

        Raises:
            InvalidRequest: the address is not one of the public internet, say.
        """
        webhook = Webhook(
            uri=uri, states=states, kinds=kinds, labels=labels or {}, display_name=name, disabled=disabled
        )
        request = CreateWebhookRequest(webhook=webhook, request_id=request_id or str(uuid.uuid4()))
        return self._calls.unary(self._stub.CreateWebhook, request, timeout)

    def get(self, webhook: Webhook | str, *, timeout: float | None = None) -> Webhook:
        """Get a webhook, without its secret.

        Raises:
            NotFound: there is none of this name.
        """
        request = GetWebhookRequest(name=webhook_name(webhook))
        return self._calls.unary(self._stub.GetWebhook, request, timeout)

    def list(self, *, page_size: int = 0, timeout: float | None = None) -> Iterator[Webhook]:
        """Go through all webhooks, the newest first; pages are fetched as they are needed."""
        request = ListWebhooksRequest(page_size=page_size)
        while True:
            page = self._calls.unary(self._stub.ListWebhooks, request, timeout)
            for webhook in page.webhooks:
                yield webhook
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return

    def update(
        self,
        webhook: Webhook | str,
        *,
        uri: str | None = None,
        states: Sequence[Job.State.ValueType] | None = None,
        kinds: Sequence[str] | None = None,
        labels: Mapping[str, str] | None = None,
        name: str | None = None,
        disabled: bool | None = None,
        timeout: float | None = None,
    ) -> Webhook:
        """Change what is given of a webhook; the rest stays as it is.

        Raises:
            NotFound: there is none of this name.
            InvalidRequest: the address is not one of the public internet, say.
        """
        change, fields = webhook_changes(
            uri=uri, states=states, kinds=kinds, labels=labels, display_name=name, disabled=disabled
        )
        change.name = webhook_name(webhook)
        request = UpdateWebhookRequest(webhook=change, update_mask=FieldMask(paths=fields))
        return self._calls.unary(self._stub.UpdateWebhook, request, timeout)

    def delete(self, webhook: Webhook | str, *, timeout: float | None = None) -> None:
        """Delete a webhook with its deliveries; tried once.

        Raises:
            NotFound: there is none of this name.
        """
        request = DeleteWebhookRequest(name=webhook_name(webhook))
        self._calls.once(self._stub.DeleteWebhook, request, timeout)

    def test(self, webhook: Webhook | str, *, timeout: float | None = None) -> WebhookDelivery:
        """Send a webhook a test event; tried once.

        Raises:
            NotFound: there is none of this name.
        """
        request = TestWebhookRequest(name=webhook_name(webhook))
        return self._calls.once(self._stub.TestWebhook, request, timeout)

    def deliveries(
        self,
        webhook: Webhook | str = "-",
        *,
        state: WebhookDelivery.State.ValueType = WebhookDelivery.STATE_UNSPECIFIED,
        page_size: int = 0,
        timeout: float | None = None,
    ) -> Iterator[WebhookDelivery]:
        """Go through deliveries, the newest first; pages are fetched as they are needed.

        Args:
            webhook: whose; by default those of all webhooks.
            state: which; by default in any state.
            page_size: how many are fetched at once; 0 leaves it to the server.
            timeout: how many seconds each call may take; None allows the client's own.

        Raises:
            NotFound: there is no webhook of this name.
        """
        request = ListWebhookDeliveriesRequest(parent=webhook_name(webhook), page_size=page_size, state=state)
        while True:
            page = self._calls.unary(self._stub.ListWebhookDeliveries, request, timeout)
            for delivery in page.deliveries:
                yield delivery
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return

    def delivery(self, delivery: WebhookDelivery | str, *, timeout: float | None = None) -> WebhookDelivery:
        """Get a delivery by its full name, `webhooks/{id}/deliveries/{id}`.

        Raises:
            NotFound: there is none of this name.
        """
        name = delivery if isinstance(delivery, str) else delivery.name
        return self._calls.unary(self._stub.GetWebhookDelivery, GetWebhookDeliveryRequest(name=name), timeout)

    def redeliver(self, delivery: WebhookDelivery | str, *, timeout: float | None = None) -> WebhookDelivery:
        """Send a delivery again, whatever became of it, with a fresh count of attempts; tried once.

        Raises:
            NotFound: there is none of this name.
        """
        name = delivery if isinstance(delivery, str) else delivery.name
        return self._calls.once(self._stub.RedeliverWebhook, RedeliverWebhookRequest(name=name), timeout)
