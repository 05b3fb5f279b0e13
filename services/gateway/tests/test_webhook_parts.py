"""Webhooks in small: whose turn it is, what an answer means, which addresses are taken, what is changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import pytest
import standardwebhooks
from google.protobuf.field_mask_pb2 import FieldMask

from sightline.common.errors import InvalidRequest, NotFound, Reason, SightlineError
from sightline.common.state.deliveries import Claimed, DeliveryState, Receiver
from sightline.common.state.webhooks import Change
from sightline.common.worker.backoff import Backoff
from sightline.gateway.settings import WebhookSettings
from sightline.gateway.webhooks.changes import Changes
from sightline.gateway.webhooks.messages import delivery_ids
from sightline.gateway.webhooks.receivers import Receivers
from sightline.gateway.webhooks.sender import Answer
from sightline.gateway.webhooks.signing import new_secret, secret_text, signature
from sightline.gateway.webhooks.turns import Bounds, turns
from sightline.gateway.webhooks.verdicts import Verdicts
from sightline.v1 import webhook_pb2, webhook_service_pb2 as api

A1, A2, A3, B1 = (Receiver(tenant, UUID(int=number)) for tenant, number in (("a", 1), ("a", 2), ("a", 3), ("b", 1)))
PORTS = (80, 443)
ID = UUID("0192f0c1-2a3b-7c4d-8e5f-60718293a4b5")


@pytest.mark.parametrize(
    ("due", "busy", "expected"),
    [
        ([], {}, {}),
        ([A1], {}, {A1: 2}),  # no more than one webhook may have
        ([A1], {A1: 2}, {}),
        ([A1, A2], {A1: 1}, {A1: 1, A2: 2}),
        ([A1, A2, A3], {}, {A1: 2, A2: 1, A3: 1}),  # no more than one tenant may have, and one for each first
        ([A1, A2, A3, B1], {}, {A1: 2, A2: 1, A3: 1, B1: 1}),  # no more than there are places: five
        ([A1, B1], {A2: 2, A3: 2}, {B1: 1}),
        ([A1], {B1: 5}, {}),
    ],
)
def test_places_are_given_out_in_turns(
    due: Sequence[Receiver], busy: dict[Receiver, int], expected: dict[Receiver, int]
) -> None:
    assert dict(turns(due, busy, Bounds(total=5, per_tenant=4, per_webhook=2))) == expected


def claimed(tries: int) -> Claimed:
    return Claimed("a", ID, ID, "job.failed", ID, 3, tries, tries, tries, datetime.now(UTC), "https://a.test/", b"")


@pytest.mark.parametrize(
    ("answer", "tries", "state", "least", "most"),
    [
        (Answer(200), 1, DeliveryState.DELIVERED, 0, 0),
        (Answer(204), 17, DeliveryState.DELIVERED, 0, 0),
        (Answer(500, "no"), 1, DeliveryState.PENDING, 2, 10),
        (Answer(500, "no"), 4, DeliveryState.PENDING, 20, 80),
        (Answer(0, "no"), 16, DeliveryState.PENDING, 5400, 21600),
        (Answer(0, "no"), 17, DeliveryState.DEAD, 0, 0),
        (Answer(410, "no"), 1, DeliveryState.DEAD, 0, 0),
        (Answer(503, "no", 120), 1, DeliveryState.PENDING, 120, 120),
        (Answer(503, "no", 1e9), 1, DeliveryState.PENDING, 21600, 21600),
    ],
)
def test_an_answer_decides_what_follows(
    answer: Answer, tries: int, state: DeliveryState, least: float, most: float
) -> None:
    outcome = Verdicts(Backoff(10, 21600), 17).judge(claimed(tries), answer)
    assert (outcome.state, outcome.status_code, outcome.error) == (state, answer.status_code, answer.error)
    assert least <= outcome.delay_seconds <= most


def test_a_delivery_is_tried_for_about_a_day_by_default() -> None:
    settings = WebhookSettings()
    verdicts = Verdicts(Backoff(settings.first_delay_seconds, settings.max_delay_seconds), settings.attempts_max)
    delays = [
        verdicts.judge(claimed(tries), Answer(0, "no")).delay_seconds for tries in range(1, settings.attempts_max)
    ]
    assert 14 < sum(delays) / 3600 < 30


def test_the_reference_implementation_signs_alike() -> None:
    secret, at = new_secret(), datetime(2026, 11, 22, 5, tzinfo=UTC)
    theirs = standardwebhooks.Webhook(secret_text(secret)).sign(str(ID), at, '{"a":"\u00e4"}')
    assert signature(secret, str(ID), int(at.timestamp()), '{"a":"\u00e4"}'.encode()) == theirs


@pytest.mark.parametrize(
    "uri",
    [
        "http://a.test/", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://10.1.2.3/",
        "https://169.254.169.254/latest", "https://0x7f000001/", "https://a.test:8080/", "ftp://a.test/",
        "https://user:word@a.test/", "https://a.test/ b", "https://", "https://[fe80::1%25eth0]/",
    ],
)  # fmt: skip
def test_an_address_that_leads_inward_or_is_odd_is_refused_when_it_is_registered(uri: str) -> None:
    with pytest.raises(SightlineError) as refusal:
        Receivers(WebhookSettings(), PORTS).read(uri)
    assert refusal.value.reason is Reason.URI_REFUSED


def test_an_operator_may_allow_a_network_and_plain_http() -> None:
    settings = WebhookSettings(plain_http=True, inward_networks=(ip_network("10.1.0.0/16"), ip_network("fd00::/8")))
    receivers = Receivers(settings, PORTS)
    assert receivers.read("http://10.1.2.3/hook").path == "/hook"
    assert receivers.read("https://[fd00::1]/").host == "fd00::1"
    with pytest.raises(SightlineError):
        receivers.read("http://10.2.0.1/")


CHANGES = Changes(Receivers(WebhookSettings(), PORTS))


@pytest.mark.parametrize(
    ("webhook", "mask", "change"),
    [
        ({"disabled": True}, [], Change(disabled=True)),
        ({"disabled": True, "display_name": "x"}, ["display_name"], Change(display_name="x")),
        ({}, ["labels", "kinds", "states"], Change(labels={}, kinds=[], states=[])),
        ({}, ["disabled"], Change(disabled=False)),
        (
            {"uri": "https://a.test/", "states": [3]}, ["*"],
            Change("https://a.test/", "", False, [3], [], {}),
        ),
        ({"secret": "whsec_mine"}, [], Change()),
    ],
)  # fmt: skip
def test_what_the_mask_names_is_changed(webhook: dict[str, Any], mask: list[str], change: Change) -> None:
    asked = webhook_pb2.Webhook(name=f"webhooks/{ID}", **webhook)
    assert CHANGES.change(api.UpdateWebhookRequest(webhook=asked, update_mask=FieldMask(paths=mask))) == change


@pytest.mark.parametrize(
    ("webhook", "mask"),
    [({}, ["secret"]), ({}, ["uri"]), ({}, ["*"]), ({"kinds": ["segment", "nonsense"]}, []), ({}, ["*", "uri"])],
)
def test_what_can_not_be_changed_so_is_refused(webhook: dict[str, Any], mask: list[str]) -> None:
    asked = webhook_pb2.Webhook(name=f"webhooks/{ID}", **webhook)
    with pytest.raises(InvalidRequest):
        CHANGES.change(api.UpdateWebhookRequest(webhook=asked, update_mask=FieldMask(paths=mask)))


def test_a_repeat_is_told_by_what_was_asked_and_not_by_what_is_filled_in() -> None:
    def digest(**webhook: Any) -> bytes:
        asked = webhook_pb2.Webhook(uri="https://a.test/", **webhook)
        return CHANGES.new(api.CreateWebhookRequest(webhook=asked), "a").body_sha256

    assert digest(name="webhooks/x", secret="s") == digest()
    assert digest(labels={"a": "1", "b": "2"}) == digest(labels={"b": "2", "a": "1"}) != digest()


@pytest.mark.parametrize(
    "name",
    ["", "webhooks/-/deliveries/x", f"webhooks/{ID}", f"webhooks/{ID}/deliveries/", f"jobs/{ID}/deliveries/{ID}"],
)
def test_names_that_can_not_be_ours_are_not_found(name: str) -> None:
    assert delivery_ids(f"webhooks/{ID}/deliveries/{ID}") == (ID, ID)
    with pytest.raises(NotFound):
        delivery_ids(name)
