"""Webhooks while gateways are killed and drained and PostgreSQL restarts: every end of a job is told, and no other."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest
import standardwebhooks
from engine import Engine, Part, until
from receiver import Call, Receiver, hang, status
from servers import Background, Server

from sightline.v1.webhook_pb2 import WebhookDelivery

LEASE_SECONDS = 3
PENDING, DELIVERED = WebhookDelivery.STATE_PENDING, WebhookDelivery.STATE_DELIVERED


@pytest.fixture
def receiver(background: Background) -> Iterator[Receiver]:
    """A receiver on the loop of the servers."""
    opened = background.run(Receiver().__aenter__())
    yield opened
    background.run(opened.__aexit__())


def telling(engine: Engine, receiver: Receiver) -> Part:
    """Start a gateway that may call this machine."""
    return engine.gateway(
        GATEWAY_WEBHOOKS__PLAIN_HTTP="true",
        GATEWAY_WEBHOOKS__INWARD_NETWORKS='["127.0.0.1/32"]',
        GATEWAY_WEBHOOKS__FIRST_DELAY_SECONDS="0.5",
        GATEWAY_WEBHOOKS__MAX_DELAY_SECONDS="1",
        GATEWAY_WEBHOOKS__ATTEMPTS_MAX="60",
        GATEWAY_WEBHOOKS__LEASE_SECONDS=str(LEASE_SECONDS),
        GATEWAY_WEBHOOKS__POLL_SECONDS="0.1",
        GATEWAY_EGRESS__PORTS=f"[{receiver.port}]",
        GATEWAY_RPC__DRAIN_SECONDS="1",
    )


def arrived(receiver: Receiver, count: int) -> list[Call]:
    until(lambda: len(receiver.calls) >= count, f"{count} calls")
    return list(receiver.calls)


def until_delivered(engine: Engine, gateway: Part, count: int, seconds: float = 60) -> list[WebhookDelivery]:
    with engine.client(gateway) as client:

        def all_delivered() -> list[WebhookDelivery] | None:
            found = list(client.webhooks.deliveries())
            done = len(found) == count and all(one.state == DELIVERED for one in found)
            return found if done else None

        found: list[WebhookDelivery] = until(all_delivered, f"{count} are delivered", seconds)
    return found


def test_what_a_killed_gateway_was_delivering_is_delivered_by_another_under_the_same_id(
    engine: Engine, receiver: Receiver
) -> None:
    first = telling(engine, receiver)
    receiver.replies["/hook"] = [hang, status(200)]
    with engine.client(first) as client:
        webhook = client.webhooks.create(f"http://127.0.0.1:{receiver.port}/hook")
        (name,) = engine.submit(client, 1)
        engine.worker()
        arrived(receiver, 1)
    second = telling(engine, receiver)
    killed = time.monotonic()
    first.kill()
    before, after = arrived(receiver, 2)[:2]
    assert time.monotonic() - killed < LEASE_SECONDS + 3
    assert (after.delivery, after.body) == (before.delivery, before.body)
    assert [before.headers["webhook-attempt"], after.headers["webhook-attempt"]] == ["1", "2"]
    assert after.event["data"]["job"]["name"] == name
    standardwebhooks.Webhook(webhook.secret).verify(after.body, after.headers)
    (delivery,) = until_delivered(engine, second, 1)
    assert delivery.name == f"{webhook.name}/deliveries/{before.delivery}"
    assert delivery.attempt_count == 2


def test_what_a_drained_gateway_was_delivering_is_handed_to_another_at_once(engine: Engine, receiver: Receiver) -> None:
    first = telling(engine, receiver)
    receiver.replies["/hook"] = [hang, status(200)]
    with engine.client(first) as client:
        webhook = client.webhooks.create(f"http://127.0.0.1:{receiver.port}/hook")
        client.webhooks.test(webhook)
        arrived(receiver, 1)
    first.kill(signal.SIGTERM)
    second = telling(engine, receiver)
    until_delivered(engine, second, 1)
    assert len({call.delivery for call in receiver.calls}) == 1


def test_every_end_of_a_job_is_told_while_gateways_are_killed_again_and_again(
    engine: Engine, receiver: Receiver
) -> None:
    gateways = [telling(engine, receiver) for _ in range(2)]
    engine.worker()
    receiver.replies["/hook"] = [status(500), status(200)] * 40 + [status(200)]
    names: list[str] = []
    with engine.client(gateways[0]) as client:
        client.webhooks.create(f"http://127.0.0.1:{receiver.port}/hook")
    for number in range(4):
        victim, other = gateways[number % 2], gateways[1 - number % 2]
        with engine.client(other) as client:
            names += engine.submit(client, 40)
        arrived(receiver, len(names) // 2)
        victim.kill()
        victim.start()
    engine.until_ended(names)
    deliveries = until_delivered(engine, gateways[0], len(names))
    assert {one.job for one in deliveries} == set(names)
    told = {call.delivery: call.event["data"]["job"]["name"] for call in receiver.calls}
    assert sorted(told.values()) == sorted(names)


def test_every_end_of_a_job_is_told_though_postgres_restarts_meanwhile(
    engine_on_own_postgres: Engine, own_postgres: Server, receiver: Receiver
) -> None:
    engine = engine_on_own_postgres
    gateway = telling(engine, receiver)
    engine.worker()
    with engine.client(gateway) as client:
        client.webhooks.create(f"http://127.0.0.1:{receiver.port}/hook")
        names = engine.submit(client, 60, milliseconds=20)
        arrived(receiver, 5)
        own_postgres.kill()
        own_postgres.start()
        engine.until_ended(names)
    deliveries = until_delivered(engine, gateway, len(names))
    assert {one.job for one in deliveries} == set(names)
    assert len({call.delivery for call in receiver.calls}) == len(names)
