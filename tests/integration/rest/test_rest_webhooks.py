"""Webhooks over REST: fields that are changed by PATCH, and names of two parts."""

from __future__ import annotations

import httpx
from backend import JOB_ID, Backend

from sightline.v1.job_pb2 import Job
from sightline.v1.webhook_pb2 import WebhookDelivery

NAME = f"webhooks/{JOB_ID}"


def test_a_webhook_is_created_from_a_body_that_is_the_webhook(rest: httpx.Client, backend: Backend) -> None:
    body = {"uri": "https://example.com/", "states": ["STATE_FAILED"], "labels": {"film": "b"}}
    answer = rest.post(f"/v1/webhooks?requestId={JOB_ID}", json=body)
    assert (answer.status_code, answer.json()["secret"], answer.json()["disabled"]) == (200, "whsec_x", False)
    asked = backend.last
    assert (asked.request_id, list(asked.webhook.states)) == (JOB_ID, [Job.STATE_FAILED])


def test_a_patch_names_its_fields_in_either_form(rest: httpx.Client, backend: Backend) -> None:
    for mask, paths in (("displayName,disabled", ["display_name", "disabled"]), ("display_name", ["display_name"])):
        answer = rest.patch(f"/v1/{NAME}?updateMask={mask}", json={"displayName": "mine", "disabled": True})
        assert answer.status_code == 200, answer.text
        assert backend.last.webhook.name == NAME
        assert backend.last.webhook.display_name == "mine"
        assert list(backend.last.update_mask.paths) == paths


def test_a_patch_needs_no_mask(rest: httpx.Client, backend: Backend) -> None:
    assert rest.patch(f"/v1/{NAME}", json={"disabled": True}).status_code == 200
    assert backend.last.webhook.disabled
    assert list(backend.last.update_mask.paths) == []


def test_deliveries_are_listed_of_one_or_of_all(rest: httpx.Client, backend: Backend) -> None:
    for parent in (NAME, "webhooks/-"):
        assert rest.get(f"/v1/{parent}/deliveries?state=STATE_DEAD&pageSize=3").json()["deliveries"] == []
        asked = backend.last
        assert (asked.parent, asked.state, asked.page_size) == (parent, WebhookDelivery.STATE_DEAD, 3)


def test_a_delivery_is_sent_again_by_its_name_of_two_parts(rest: httpx.Client, backend: Backend) -> None:
    name = f"{NAME}/deliveries/{JOB_ID}"
    assert rest.post(f"/v1/{name}:redeliver", json={}).json()["name"] == name
    assert backend.last.name == name
