"""Receivers that fail, hang, lie and lead inward: what each is sent, and what becomes of it."""

from __future__ import annotations

import asyncio
import re
import resource
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
import trustme
from prometheus_client import CollectorRegistry
from receiver import Receiver, endless, endless_head, hang, status

from sightline.common.state.database import Database
from sightline.common.state.deliveries import Deliveries, Delivery
from sightline.common.state.identifiers import uuid7
from sightline.common.state.jobs import Jobs, Submission
from sightline.common.state.tasks import Failure, Success, Tasks
from sightline.common.state.webhooks import Change, NewWebhook, Webhook, Webhooks
from sightline.common.telemetry import Metrics
from sightline.gateway.addresses import Address
from sightline.gateway.egress import Egress
from sightline.gateway.settings import EgressSettings, Settings, WebhookSettings
from sightline.gateway.webhooks.opening import WebhookParts, build_webhooks
from sightline.gateway.webhooks.signing import new_secret, secret_text
from sightline.v1.job_pb2 import JobSpec

# The test's internet: this address stands for all public ones, and its neighbour for all inward ones.
OUTSIDE, INSIDE = "127.0.0.1", "127.0.0.2"
DOCUMENT = Path(__file__).parents[2] / "docs" / "webhooks.md"
PENDING, DELIVERED, DEAD = 1, 2, 3
SPEC = JobSpec(media="media/0192f0c1-2a3b-7c4d-8e5f-60718293a4b6", detect_faces={}).SerializeToString()
HURRY: dict[str, Any] = {
    "plain_http": True, "attempts_max": 3, "first_delay_seconds": 0.2, "max_delay_seconds": 0.4, "attempt_seconds": 1,
    "lease_seconds": 3, "poll_seconds": 0.05,
}  # fmt: skip


class Scene:
    """Receivers outside and inside, the names of both, and the part of the gateway that tells them."""

    def __init__(self, database: Database, receiver: Receiver, inward: Receiver, submission: Any) -> None:
        self.database, self.receiver, self.inward = database, receiver, inward
        self.names: dict[str, list[list[str]]] = {"hooks.test": [[OUTSIDE]], "inward.test": [[INSIDE]]}
        self.asked: Counter[str] = Counter()
        self.metrics = Metrics(CollectorRegistry())
        self._submission = submission

    async def resolve(self, host: str, _port: int) -> Sequence[Address]:
        """Answer like a name server whose answers change from one question to the next."""
        if host not in self.names:
            raise socket.gaierror("unknown name")
        self.asked[host] += 1
        answers = self.names[host]
        return [ip_address(text) for text in answers[min(self.asked[host], len(answers)) - 1]]

    def parts(self, trust: ssl.SSLContext | None = None, **changes: Any) -> WebhookParts:
        ways = EgressSettings(ports=(self.receiver.port,), connect_seconds=1, idle_seconds=30)
        settings = Settings(egress=ways, webhooks=WebhookSettings(**{**HURRY, **changes}))
        egress = Egress(ways, resolve=self.resolve, allows=lambda address: str(address) == OUTSIDE, trust=trust)
        return build_webhooks(settings, self.database, self.metrics, egress)

    @asynccontextmanager
    async def telling(self, **changes: Any) -> AsyncIterator[WebhookParts]:
        parts = self.parts(**changes)
        parts.dispatcher.start()
        try:
            yield parts
        finally:
            await parts.dispatcher.stop()

    async def register(self, path: str = "/", host: str = "hooks.test", **changes: Any) -> Webhook:
        fields: dict[str, Any] = {"tenant": "acme", "scheme": "http", **changes}
        uri = f"{fields['scheme']}://{host}:{self.receiver.port}{path}"
        new = NewWebhook(fields["tenant"], uuid7(), uri, new_secret(), b"")
        return await Webhooks(self.database).add(new, count_max=100)

    async def end_job(self, *, fails: bool = False, **fields: Any) -> str:
        asked = self._submission(spec=SPEC, **fields)
        await Jobs(self.database).submit([asked])
        tasks = Tasks(self.database)
        (claim,) = await tasks.claim([asked.task_id], "w", 30)
        failure = Failure(claim.task_id, claim.claim_id, False, 0, b"")
        await (tasks.fail([failure]) if fails else tasks.complete([Success(claim.task_id, claim.claim_id, (b"r",))]))
        return f"jobs/{asked.job_id}"

    async def until(self, *states: int, tenant: str = "acme", seconds: float = 20) -> list[Delivery]:
        """Wait until the deliveries stand so, the oldest first."""
        async with asyncio.timeout(seconds):
            found = await self.list(tenant)
            while [one.state for one in found] != list(states):
                await asyncio.sleep(0.02)
                found = await self.list(tenant)
        return found

    async def list(self, tenant: str = "acme") -> list[Delivery]:
        return (await Deliveries(self.database).list_page(tenant))[::-1]

    def attempts(self, outcome: str) -> float:
        name = "sightline_webhook_attempt_seconds_count"
        return self.metrics.registry.get_sample_value(name, {"outcome": outcome}) or 0


@pytest.fixture
async def scene(database: Database, submission: Callable[..., Submission]) -> AsyncIterator[Scene]:
    async with Receiver(OUTSIDE) as receiver, Receiver(INSIDE, receiver.port) as inward:
        yield Scene(database, receiver, inward, submission)
        assert inward.connections == 0


def documented_verify() -> Callable[..., None]:
    """Give the function that docs/webhooks.md tells users to copy."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    there: dict[str, Any] = {}
    exec(code, there)
    return there["verify"]  # type: ignore[no-any-return]


async def test_a_receiver_is_told_once_what_rest_would_say_of_the_job(scene: Scene) -> None:
    webhook = await scene.register("/hook?to=me")
    async with scene.telling():
        name = await scene.end_job(labels={"film": "b"})
        (delivery,) = await scene.until(DELIVERED)
    (call,) = scene.receiver.calls
    assert call.path == "/hook?to=me"
    assert call.headers["host"] == f"hooks.test:{scene.receiver.port}"
    assert (call.headers["content-type"], call.headers["webhook-attempt"]) == ("application/json", "1")
    assert call.delivery == str(delivery.delivery_id)
    assert call.event["type"] == "job.succeeded"
    assert abs(datetime.now(UTC) - datetime.fromisoformat(call.event["timestamp"])).total_seconds() < 60
    assert call.event["data"]["webhook"] == f"webhooks/{webhook.webhook_id}"
    job = call.event["data"]["job"]
    assert (job["name"], job["state"], job["labels"], job["resultCount"]) == (name, "STATE_SUCCEEDED", {"film": "b"}, 1)
    assert job["spec"]["detectFaces"] is not None
    assert (delivery.status_code, delivery.error, delivery.count) == (204, "", 1)
    assert scene.attempts("delivered") == 1


async def test_signatures_are_good_for_others_and_for_nothing_else(scene: Scene) -> None:
    webhook = await scene.register()
    async with scene.telling():
        await scene.end_job()
        (call,) = await scene.receiver.until(1)
    secret, verify = secret_text(webhook.secret), documented_verify()
    assert standardwebhooks.Webhook(secret).verify(call.body, call.headers)["type"] == "job.succeeded"
    verify(secret, call.headers, call.body)
    altered: list[tuple[str, dict[str, str], bytes]] = [
        (secret, call.headers, call.body.replace(b"SUCCEEDED", b"CANCELLED")),
        (secret, {**call.headers, "webhook-id": str(uuid7())}, call.body),
        (secret, {**call.headers, "webhook-timestamp": str(int(call.headers["webhook-timestamp"]) + 1)}, call.body),
        (secret, {**call.headers, "webhook-timestamp": str(int(call.headers["webhook-timestamp"]) - 600)}, call.body),
        (secret_text(new_secret()), call.headers, call.body),
    ]
    for arguments in altered:
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(arguments[0]).verify(arguments[2], arguments[1])
        with pytest.raises(ValueError, match=r"signature|too old"):
            verify(*arguments)


async def test_a_receiver_that_fails_is_told_again_with_the_same_id_and_body(scene: Scene) -> None:
    await scene.register()
    scene.receiver.replies["/"] = [status(500), status(302, "Location: http://inward.test/"), status(200)]
    async with scene.telling():
        await scene.end_job(fails=True)
        (delivery,) = await scene.until(DELIVERED)
    calls = scene.receiver.calls
    assert len({(call.delivery, call.body) for call in calls}) == 1
    assert [call.headers["webhook-attempt"] for call in calls] == ["1", "2", "3"]
    assert calls[0].event["type"] == "job.failed"
    assert (delivery.count, delivery.error) == (3, "")
    assert (scene.attempts("failed"), scene.attempts("delivered")) == (2, 1)


FAULTY: dict[str, tuple[Any, int, str]] = {
    "500": (status(500), 500, "status 500"),
    "a redirect inward": (status(302, "Location: http://inward.test/"), 302, "status 302"),
    "a permanent redirect inward": (status(308, f"Location: http://{INSIDE}/"), 308, "status 308"),
    "silence": (hang, 0, "did not answer in time"),
    "headers without end": (endless_head, 0, "not HTTP"),
    "no HTTP": (b"SSH-2.0-OpenSSH\r\n", 0, "not HTTP"),
    "a closed connection": (b"", 0, "not HTTP"),
}


@pytest.mark.parametrize(("reply", "status_code", "error"), FAULTY.values(), ids=FAULTY.keys())
async def test_what_never_succeeds_is_given_up_and_can_be_sent_again(
    scene: Scene, reply: Any, status_code: int, error: str
) -> None:
    webhook = await scene.register()
    scene.receiver.replies["/"] = [reply]
    async with scene.telling():
        await scene.end_job()
        (dead,) = await scene.until(DEAD)
        assert len(scene.receiver.calls) == dead.count == 3
        assert dead.status_code == status_code
        assert error in dead.error
        scene.receiver.replies["/"] = [status(200)]
        await Deliveries(scene.database).redeliver("acme", webhook.webhook_id, dead.delivery_id)
        (delivered,) = await scene.until(DELIVERED)
    assert delivered.count == 4
    assert len({call.delivery for call in scene.receiver.calls}) == 1


async def test_a_good_status_counts_whatever_follows_it_and_little_of_it_is_read(scene: Scene) -> None:
    await scene.register()
    scene.receiver.replies["/"] = [endless]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with scene.telling(attempt_seconds=10):
        await scene.end_job()
        (delivery,) = await scene.until(DELIVERED, seconds=5)
    assert (delivery.status_code, delivery.count) == (200, 1)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024  # KiB


async def test_gone_is_taken_at_its_word(scene: Scene) -> None:
    await scene.register()
    scene.receiver.replies["/"] = [status(410)]
    async with scene.telling():
        await scene.end_job()
        (dead,) = await scene.until(DEAD)
    assert (dead.count, dead.status_code) == (1, 410)


async def test_a_receiver_that_asks_for_time_gets_it(scene: Scene) -> None:
    await scene.register()
    scene.receiver.replies["/"] = [status(503, "Retry-After: 2"), status(200)]
    async with scene.telling():
        await scene.end_job()
        await scene.receiver.until(1)
        await asyncio.sleep(1.2)
        assert len(scene.receiver.calls) == 1
        await scene.until(DELIVERED)


@pytest.mark.parametrize("host", ["inward.test", INSIDE, "both.test"])
async def test_an_inward_address_is_never_called(scene: Scene, host: str) -> None:
    scene.names["both.test"] = [[OUTSIDE, INSIDE]]
    await scene.register(host=host)
    async with scene.telling():
        await scene.end_job()
        (dead,) = await scene.until(DEAD)
    assert "not on the public internet" in dead.error
    assert scene.receiver.connections == scene.inward.connections == 0


async def test_a_name_is_judged_anew_for_every_attempt_and_asked_once_for_each(scene: Scene) -> None:
    scene.names["turncoat.test"] = [[OUTSIDE], [INSIDE], [OUTSIDE]]
    scene.receiver.replies["/"] = [status(500), status(200)]
    await scene.register(host="turncoat.test")
    async with scene.telling():
        await scene.end_job()
        (delivery,) = await scene.until(DELIVERED)
    assert (delivery.count, scene.asked["turncoat.test"]) == (3, 3)
    assert [call.headers["webhook-attempt"] for call in scene.receiver.calls] == ["1", "3"]


async def test_a_name_that_is_gone_and_a_closed_port_are_tried_again(scene: Scene) -> None:
    await scene.register(host="nowhere.test")
    scene.names["closed.test"] = [["127.0.0.1"]]
    async with scene.telling():
        await scene.end_job()
        await scene.until(DEAD)
    assert scene.receiver.connections == 0


async def test_certificates_are_checked_for_the_name(database: Database, submission: Any) -> None:
    authority = trustme.CA()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("hooks.test").configure_cert(tls)
    async with Receiver(OUTSIDE, tls=tls) as receiver, Receiver(INSIDE, receiver.port) as inward:
        scene = Scene(database, receiver, inward, submission)
        scene.names["other.test"] = [[OUTSIDE]]
        good, bad = await scene.register(scheme="https"), await scene.register(host="other.test", scheme="https")
        async with scene.telling(trust=trust, plain_http=False):
            await scene.end_job()
            async with asyncio.timeout(20):
                while PENDING in {one.state for one in await scene.list()}:
                    await asyncio.sleep(0.02)
        states = {one.webhook_id: one.state for one in await scene.list()}
        assert states == {good.webhook_id: DELIVERED, bad.webhook_id: DEAD}
        assert len(receiver.calls) == 1


async def test_a_receiver_that_hangs_delays_nobody_else(scene: Scene) -> None:
    await scene.register("/slow")
    await scene.register("/fast", tenant="acme")
    await scene.register("/other", tenant="other")
    scene.receiver.replies["/slow"] = [hang]
    bounds = {"at_once": 8, "at_once_per_tenant": 6, "at_once_per_webhook": 2, "attempt_seconds": 30}
    async with scene.telling(**bounds):
        for _ in range(20):
            await scene.end_job()
            await scene.end_job(tenant="other")
        await scene.receiver.until(20, "/fast", seconds=10)
        await scene.receiver.until(20, "/other", seconds=10)
        assert scene.receiver.most_open["/slow"] == 2
        assert scene.receiver.most_open["/fast"] <= 2
    # Handed back: none of those that hung is left in a lease, and none counts as tried.
    waiting = [one for one in await scene.list() if one.state == PENDING]
    assert len(waiting) == 20
    assert all((one.count, one.due_time <= datetime.now(UTC)) == (0, True) for one in waiting)


async def test_a_webhook_that_is_deleted_or_disabled_is_not_told_what_waits(scene: Scene) -> None:
    deleted, disabled = await scene.register("/deleted"), await scene.register("/disabled")
    await scene.end_job()
    parts = scene.parts()
    await Webhooks(scene.database).delete("acme", deleted.webhook_id)
    await Webhooks(scene.database).update("acme", disabled.webhook_id, Change(disabled=True))
    parts.dispatcher.start()
    await asyncio.sleep(0.5)
    await parts.dispatcher.stop()
    assert scene.receiver.connections == 0
    for duty in parts.duties:
        await duty.run()
    (given_up,) = await scene.list()
    assert (given_up.webhook_id, given_up.state, given_up.error) == (
        disabled.webhook_id,
        DEAD,
        "The webhook was disabled",
    )


async def test_a_backlog_is_shown_and_worked_off_by_several_gateways_with_nothing_twice(scene: Scene) -> None:
    await scene.register()
    for _ in range(30):
        await scene.end_job()
    parts = scene.parts()
    await parts.upkeep.export()
    assert scene.metrics.registry.get_sample_value("sightline_webhook_deliveries", {"state": "pending"}) == 30
    async with scene.telling(), scene.telling(), scene.telling():
        await scene.until(*[DELIVERED] * 30)
    assert len(scene.receiver.calls) == len({call.delivery for call in scene.receiver.calls}) == 30
    parts.upkeep.withdraw()
    assert scene.metrics.registry.get_sample_value("sightline_webhook_deliveries", {"state": "pending"}) is None


async def test_an_outcome_that_could_not_be_written_is_delivered_again(scene: Scene) -> None:
    await scene.register()
    parts = scene.parts(lease_seconds=0.6)
    lost: list[object] = []

    async def lose(outcomes: Sequence[object]) -> list[bool]:
        lost.extend(outcomes)
        return [False for _ in outcomes]

    parts.dispatcher._settling._serve = lose  # the process dies between the answer and the row
    parts.dispatcher.start()
    await scene.end_job()
    await scene.receiver.until(1)
    await parts.dispatcher.stop()
    async with scene.telling():
        (delivery,) = await scene.until(DELIVERED)
    assert lost
    first, *again = scene.receiver.calls
    assert again
    assert {call.delivery for call in again} == {first.delivery} == {str(delivery.delivery_id)}
