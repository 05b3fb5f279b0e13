"""Changes of webhooks: what a request asks for, as the state stores it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

from sightline.common.errors import FieldViolation, InvalidRequest
from sightline.common.state.identifiers import uuid7
from sightline.common.state.webhooks import Change, NewWebhook
from sightline.gateway import update_masks
from sightline.gateway.kinds import QUEUES
from sightline.gateway.webhooks.receivers import Receivers
from sightline.gateway.webhooks.signing import new_secret
from sightline.v1 import webhook_pb2, webhook_service_pb2 as api

_FIELDS = ("uri", "display_name", "disabled", "states", "kinds", "labels")


class Changes:
    """Reads requests that were validated."""

    def __init__(self, receivers: Receivers) -> None:
        self._receivers = receivers

    def new(self, request: api.CreateWebhookRequest, tenant: str) -> NewWebhook:
        """Make a webhook.

        Raises:
            SightlineError: URI_REFUSED, or INVALID_ARGUMENT for an unknown kind.
        """
        asked = request.webhook
        self._check(asked, _FIELDS)
        return NewWebhook(
            tenant=tenant,
            webhook_id=uuid7(),
            uri=asked.uri,
            secret=new_secret(),
            body_sha256=_digest(asked),
            display_name=asked.display_name,
            disabled=asked.disabled,
            states=list(asked.states),
            kinds=list(asked.kinds),
            labels=dict(asked.labels),
            request_id=UUID(request.request_id) if request.request_id else None,
        )

    def change(self, request: api.UpdateWebhookRequest) -> Change:
        """Make a change of the fields that the mask names; without a mask, of those that are set.

        Raises:
            SightlineError: URI_REFUSED, or INVALID_ARGUMENT for an unknown field or kind.
        """
        asked = request.webhook
        fields = update_masks.named(request.update_mask, request.webhook, _FIELDS)
        self._check(asked, fields)
        return Change(
            uri=asked.uri if "uri" in fields else None,
            display_name=asked.display_name if "display_name" in fields else None,
            disabled=asked.disabled if "disabled" in fields else None,
            states=list(asked.states) if "states" in fields else None,
            kinds=list(asked.kinds) if "kinds" in fields else None,
            labels=dict(asked.labels) if "labels" in fields else None,
        )

    def _check(self, asked: webhook_pb2.Webhook, fields: Sequence[str]) -> None:
        if "uri" in fields:
            if not asked.uri:
                raise _invalid("webhook.uri", "can't be empty")
            self._receivers.read(asked.uri)
        for number, kind in enumerate(asked.kinds):
            if kind not in QUEUES:
                raise _invalid(f"webhook.kinds[{number}]", f"must be one of {', '.join(QUEUES)}")


def _digest(asked: webhook_pb2.Webhook) -> bytes:
    heard = webhook_pb2.Webhook(
        uri=asked.uri,
        display_name=asked.display_name,
        disabled=asked.disabled,
        states=asked.states,
        kinds=asked.kinds,
        labels=asked.labels,
    )
    return hashlib.sha256(heard.SerializeToString(deterministic=True)).digest()


def _invalid(field: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {message}", [FieldViolation(field, message)])
