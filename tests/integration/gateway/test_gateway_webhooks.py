"""WebhookService by calls with a key, and its deliveries by a gateway as it is run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from receiver import Receiver, hang, status

from sightline.common.errors import SightlineError
from sightline.common.rpc import from_rpc_error
from sightline.common.state.database import Database
from sightline.gateway.settings import EgressSettings, Settings, WebhookSettings
from sightline.v1 import job_service_pb2, webhook_pb2, webhook_service_pb2 as api, webhook_service_pb2_grpc as service

DELIVERY = webhook_pb2.WebhookDelivery
URI = "https://hooks.example.com/sightline"
UNKNOWN = "webhooks/0192f0c1-2a3b-7c4d-8e5f-60718293a4b5"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as opened:
        yield opened


@pytest.fixture
def telling(settings: Settings, receiver: Receiver) -> Settings:
    """A gateway that may call the receiver, although that is on this machine."""
    webhooks = WebhookSettings(
        plain_http=True, inward_networks=(ip_network("127.0.0.1/32"),), per_tenant_max=5, attempts_max=2,
        first_delay_seconds=0.2, attempt_seconds=2, lease_seconds=3, poll_seconds=0.05, backlog_seconds=0.1,
    )  # fmt: skip
    egress = EgressSettings(ports=(80, 443, receiver.port))
    return settings.model_copy(update={"webhooks": webhooks, "egress": egress})


class Hooks:
    """Calls WebhookService with the key of a client."""

    def __init__(self, client: Any) -> None:
        self._stub: Any = service.WebhookServiceStub(client.channel)
        self._metadata = client.metadata

    async def __call__(self, method: str, **fields: Any) -> Any:
        request = getattr(api, f"{method}Request")(**fields)
        return await getattr(self._stub, method)(request, metadata=self._metadata, timeout=30)

    async def refused(self, method: str, **fields: Any) -> SightlineError:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await self(method, **fields)
        return from_rpc_error(raised.value)

    async def create(self, uri: str = URI, **fields: Any) -> Any:
        return await self("CreateWebhook", webhook={"uri": uri, **fields})

    async def until(self, state: int, parent: str = "webhooks/-") -> Any:
        async with asyncio.timeout(20):
            while True:
                found = (await self("ListWebhookDeliveries", parent=parent)).deliveries
                if found and {one.state for one in found} == {state}:
                    return found
                await asyncio.sleep(0.05)


@pytest.fixture
async def client(start: Any, call: Any, telling: Settings) -> Any:
    return await call(await start(telling))


@pytest.fixture
def hooks(client: Any) -> Hooks:
    return Hooks(client)


async def test_the_secret_is_shown_at_creation_alone(hooks: Hooks) -> None:
    made = await hooks.create(states=[4], kinds=["segment"], labels={"film": "b"}, display_name="mine")
    assert made.secret.startswith("whsec_")
    assert len(made.secret) == 6 + 44
    shown = await hooks("GetWebhook", name=made.name)
    assert shown.secret == ""
    made.secret = ""
    assert shown == made == (await hooks("ListWebhooks")).webhooks[0]
    changed = await hooks("UpdateWebhook", webhook={"name": made.name, "disabled": True})
    assert (changed.secret, changed.disabled, changed.display_name) == ("", True, "mine")


async def test_a_repeated_creation_gives_the_same_webhook_and_secret(hooks: Hooks, database: Database) -> None:
    request_id = str(uuid4())
    asked = {"webhook": {"uri": URI}, "request_id": request_id}
    first, again = await hooks("CreateWebhook", **asked), await hooks("CreateWebhook", **asked)
    assert first == again
    other = await hooks.refused("CreateWebhook", webhook={"uri": f"{URI}/2"}, request_id=request_id)
    assert other.reason == "REQUEST_ID_REUSED"
    async with database.connection() as connection:
        await connection.execute("UPDATE webhooks SET create_time = create_time - interval '2 days'")
    assert (await hooks.refused("CreateWebhook", **asked)).reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize(
    ("webhook", "reason"),
    [
        ({}, "INVALID_ARGUMENT"),
        ({"uri": "nonsense"}, "INVALID_ARGUMENT"),
        ({"uri": "ftp://example.com"}, "INVALID_ARGUMENT"),
        ({"uri": "https://10.0.0.1/"}, "URI_REFUSED"),
        ({"uri": "https://127.0.0.2/"}, "URI_REFUSED"),
        ({"uri": "https://example.com:22/"}, "URI_REFUSED"),
        ({"uri": URI, "states": [1]}, "INVALID_ARGUMENT"),
        ({"uri": URI, "states": [3, 3]}, "INVALID_ARGUMENT"),
        ({"uri": URI, "kinds": ["nonsense"]}, "INVALID_ARGUMENT"),
        ({"uri": URI, "labels": {"Film": "b"}}, "INVALID_ARGUMENT"),
        ({"uri": URI, "display_name": "x" * 256}, "INVALID_ARGUMENT"),
    ],
)
async def test_bad_webhooks_are_refused(hooks: Hooks, webhook: dict[str, Any], reason: str) -> None:
    assert (await hooks.refused("CreateWebhook", webhook=webhook)).reason == reason
    assert list((await hooks("ListWebhooks")).webhooks) == []


async def test_a_tenant_has_only_so_many(hooks: Hooks) -> None:
    for _ in range(5):
        await hooks.create()
    assert (await hooks.refused("CreateWebhook", webhook={"uri": URI})).reason == "WEBHOOK_LIMIT_REACHED"


async def test_all_webhooks_are_found_page_by_page(hooks: Hooks) -> None:
    made = [(await hooks.create()).name for _ in range(5)]
    found, token = [], ""
    while True:
        page = await hooks("ListWebhooks", page_size=2, page_token=token)
        found += [webhook.name for webhook in page.webhooks]
        if not (token := page.next_page_token):
            break
    assert found == made[::-1]


async def test_webhooks_of_others_and_none_are_the_same_not_found(
    hooks: Hooks, start: Any, call: Any, telling: Settings
) -> None:
    made = await hooks.create()
    delivery = (await hooks("TestWebhook", name=made.name)).name
    stranger = Hooks(await call(await start(telling), tenant="stranger"))
    asked: list[tuple[str, str, dict[str, Any]]] = [
        (method, name, {"name": name})
        for method in ("GetWebhook", "DeleteWebhook", "TestWebhook")
        for name in (made.name, UNKNOWN)
    ]
    asked += [("ListWebhookDeliveries", name, {"parent": name}) for name in (made.name, UNKNOWN)]
    asked += [("UpdateWebhook", name, {"webhook": {"name": name, "disabled": True}}) for name in (made.name, UNKNOWN)]
    asked += [
        (method, name, {"name": name})
        for method in ("GetWebhookDelivery", "RedeliverWebhook")
        for name in (delivery, f"{UNKNOWN}/deliveries/{delivery.rpartition('/')[2]}")
    ]
    said: dict[str, set[str]] = {}
    for method, name, fields in asked:
        refusal = await stranger.refused(method, **fields)
        assert refusal.reason == "NOT_FOUND"
        said.setdefault(method, set()).add(refusal.message.replace("/".join(name.split("/")[:2]), "X"))
    assert all(len(words) == 1 for words in said.values()), said
    assert list((await stranger("ListWebhookDeliveries", parent="webhooks/-")).deliveries) == []
    assert not (await hooks("GetWebhook", name=made.name)).disabled


async def test_a_job_that_ends_is_told_by_the_gateway(
    client: Any, hooks: Hooks, hand: Any, wanted: Any, receiver: Receiver
) -> None:
    made = await hooks.create(f"http://127.0.0.1:{receiver.port}/hook", states=[3])
    cancelled, job = [await client("CreateJob", wanted()) for _ in range(2)]
    await client("CancelJob", job_service_pb2.CancelJobRequest(name=cancelled.name))
    await hand.complete(await hand.claim(job.name))
    (call,) = await receiver.until(1)
    assert (call.event["type"], call.event["data"]["job"]["name"]) == ("job.succeeded", job.name)
    (delivery,) = await hooks.until(DELIVERY.STATE_DELIVERED)
    assert delivery.name == f"{made.name}/deliveries/{call.delivery}"
    assert (delivery.event, delivery.job, delivery.status_code) == ("job.succeeded", job.name, 204)
    assert delivery.HasField("end_time")
    assert not delivery.HasField("next_attempt_time")
    assert await hooks("GetWebhookDelivery", name=delivery.name) == delivery


async def test_a_test_event_is_sent_dies_is_listed_and_sent_again(hooks: Hooks, receiver: Receiver) -> None:
    made = await hooks.create(f"http://127.0.0.1:{receiver.port}/hook")
    receiver.replies["/hook"] = [status(500)]
    sent = await hooks("TestWebhook", name=made.name)
    assert (sent.event, sent.job, sent.state) == ("webhook.test", "", DELIVERY.STATE_PENDING)
    assert sent.HasField("next_attempt_time")
    (dead,) = await hooks.until(DELIVERY.STATE_DEAD, made.name)
    assert (dead.attempt_count, dead.status_code) == (2, 500)
    assert "status 500" in dead.error_message
    listed = await hooks("ListWebhookDeliveries", parent="webhooks/-", state=DELIVERY.STATE_DEAD)
    assert [one.name for one in listed.deliveries] == [sent.name]
    receiver.replies["/hook"] = [status(200)]
    await hooks("RedeliverWebhook", name=sent.name)
    (delivered,) = await hooks.until(DELIVERY.STATE_DELIVERED)
    assert (delivered.name, delivered.attempt_count) == (sent.name, 3)
    assert {call.delivery for call in receiver.calls} == {sent.name.rpartition("/")[2]}
    assert receiver.calls[0].event["data"] == {"webhook": made.name}


async def test_a_changed_address_holds_for_what_waits(hooks: Hooks, receiver: Receiver) -> None:
    made = await hooks.create(f"http://127.0.0.1:{receiver.port}/old")
    receiver.replies["/old"] = [hang]
    await hooks("TestWebhook", name=made.name)
    await receiver.until(1, "/old")
    change = {"name": made.name, "uri": f"http://127.0.0.1:{receiver.port}/new"}
    await hooks("UpdateWebhook", webhook=change, update_mask=FieldMask(paths=["uri"]))
    await receiver.until(1, "/new")
    await hooks.until(DELIVERY.STATE_DELIVERED)


async def test_pages_of_deliveries_are_whole_and_their_tokens_bound_to_the_question(hooks: Hooks) -> None:
    made = await hooks.create(disabled=True)
    sent = [(await hooks("TestWebhook", name=made.name)).name for _ in range(5)]
    first = await hooks("ListWebhookDeliveries", parent=made.name, page_size=3)
    rest = await hooks("ListWebhookDeliveries", parent=made.name, page_size=3, page_token=first.next_page_token)
    assert [one.name for one in [*first.deliveries, *rest.deliveries]] == sent[::-1]
    assert rest.next_page_token == ""
    refusal = await hooks.refused("ListWebhookDeliveries", parent="webhooks/-", page_token=first.next_page_token)
    assert refusal.reason == "INVALID_PAGE_TOKEN"
