"""Webhooks: registered, changed, looked at and sent again, by both clients and by the command."""

from __future__ import annotations

import json

import pytest

from sightline.client import NotFound
from sightline.client.command.exits import Exit
from sightline.v1.job_pb2 import Job
from sightline.v1.webhook_pb2 import WebhookDelivery

URI = "https://example.com/hook"


async def test_a_webhook_is_created_once_though_the_answer_is_lost(sightline, script):
    script.lost["CreateWebhook"] = 2
    made = await sightline.webhooks.create(URI, states=[Job.STATE_FAILED], labels={"film": "b"}, name="mine")
    assert made.secret.startswith("whsec_")
    assert len(script.webhooks) == 1
    assert {call.request.request_id for call in script.named("CreateWebhook")} != {""}
    found = await sightline.webhooks.get(made)
    assert (found.uri, found.secret, list(found.states), found.display_name) == (URI, "", [Job.STATE_FAILED], "mine")


async def test_only_what_is_given_is_changed_also_to_nothing(sightline, script):
    made = await sightline.webhooks.create(URI, kinds=["segment"], name="mine")
    changed = await sightline.webhooks.update(made, kinds=[], disabled=True)
    assert (list(changed.kinds), changed.disabled, changed.display_name) == ([], True, "mine")
    assert list(script.named("UpdateWebhook")[0].request.update_mask.paths) == ["kinds", "disabled"]


async def test_all_pages_of_webhooks_and_deliveries_are_read(sightline, script):
    made = [(await sightline.webhooks.create(URI)).name for _ in range(5)]
    assert [one.name async for one in sightline.webhooks.list()] == made
    sent = [(await sightline.webhooks.test(made[0])).name for _ in range(5)]
    assert [one.name async for one in sightline.webhooks.deliveries()] == sent
    assert {call.request.parent for call in script.named("ListWebhookDeliveries")} == {"webhooks/-"}
    delivered = WebhookDelivery.STATE_DELIVERED
    assert [one async for one in sightline.webhooks.deliveries(made[0], state=delivered)] == []


async def test_a_delivery_is_sent_again_by_its_name(sightline):
    made = await sightline.webhooks.create(URI)
    sent = await sightline.webhooks.test(made.name.removeprefix("webhooks/"))
    assert (await sightline.webhooks.redeliver(sent)).state == WebhookDelivery.STATE_PENDING
    assert (await sightline.webhooks.delivery(sent.name)).name == sent.name
    with pytest.raises(NotFound):
        await sightline.webhooks.redeliver(f"{made.name}/deliveries/none")


async def test_a_deleted_webhook_is_gone(sightline):
    made = await sightline.webhooks.create(URI)
    await sightline.webhooks.delete(made)
    with pytest.raises(NotFound):
        await sightline.webhooks.get(made)


async def test_the_command_does_all_of_it(run, script):
    options = ["--states", "failed,SUCCEEDED", "--kinds", "segment", "--label", "film=b"]
    made = await run("webhooks", "create", URI, *options)
    name = next(iter(script.webhooks))
    assert name in made.stdout
    assert "whsec_" in made.stdout
    assert "can't be read again" in made.stderr
    asked = script.webhooks[name]
    assert (list(asked.states), list(asked.kinds), dict(asked.labels)) == ([4, 3], ["segment"], {"film": "b"})
    assert "FAILED, SUCCEEDED, segment, film=b" in (await run("webhooks", "list")).stdout
    assert (await run("webhooks", "disable", name)).exit_code == 0
    assert "nothing" in (await run("webhooks", "list")).stdout
    assert (await run("webhooks", "enable", name)).exit_code == 0
    delivery = (await run("webhooks", "test", name)).stdout.strip()
    listed = (await run("webhooks", "deliveries", name, "--state", "dead")).stdout
    assert delivery in listed
    assert "status 500" in listed
    sent = await run("webhooks", "redeliver", delivery, "--json")
    assert json.loads(sent.stdout)["state"] == "STATE_PENDING"
    assert (await run("webhooks", "redeliver", "webhooks/a/deliveries/b")).exit_code == Exit.NOT_FOUND
    assert (await run("webhooks", "delete", name)).exit_code == 0
    assert script.webhooks == {}


@pytest.mark.parametrize(
    "arguments",
    [["create", URI, "--states", "RUNNING"], ["create", URI, "--label", "film"], ["deliveries", "--state", "x"]],
)
async def test_what_the_command_does_not_know_is_said_before_anything_is_done(run, script, arguments):
    assert (await run("webhooks", *arguments)).exit_code == Exit.USAGE
    assert script.calls == []
