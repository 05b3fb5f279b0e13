"""Webhooks and deliveries in the real database: written with the end of a job, claimed fairly, settled once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from sightline.common.errors import NotFound, Reason, SightlineError
from sightline.common.state.database import Database
from sightline.common.state.deliveries import Claimed, Deliveries, Delivery, DeliveryState, Outcome, Receiver
from sightline.common.state.identifiers import uuid7
from sightline.common.state.jobs import Jobs, Submission
from sightline.common.state.statements import statement
from sightline.common.state.tasks import Failure, Success, Tasks
from sightline.common.state.upkeep import Upkeep
from sightline.common.state.webhooks import Change, NewWebhook, Webhook, Webhooks

Make = Callable[..., Submission]
DEAD = DeliveryState.DEAD


async def a_webhook(database: Database, tenant: str = "acme", **changes: Any) -> Webhook:
    fields = {"uri": "https://hooks.test/", "secret": b"s" * 32, "body_sha256": b"body", **changes}
    return await Webhooks(database).add(NewWebhook(tenant, uuid7(), **fields), count_max=100)


async def run(database: Database, asked: Submission, *, fails: bool = False) -> None:
    await Jobs(database).submit([asked])
    tasks = Tasks(database)
    (claim,) = await tasks.claim([asked.task_id], "w", 30)
    if fails:
        await tasks.fail([Failure(claim.task_id, claim.claim_id, False, 0, b"")])
    else:
        await tasks.complete([Success(claim.task_id, claim.claim_id, (b"result",))])


async def deliveries(database: Database, tenant: str = "acme") -> list[Delivery]:
    return await Deliveries(database).list_page(tenant)


async def claim_all(database: Database, count: int = 100, lease_seconds: float = 60) -> list[Claimed]:
    due, _ = await Deliveries(database).due(None, 1000)
    return await Deliveries(database).claim([(receiver, count) for receiver in due], lease_seconds)


async def sql(database: Database, text: str) -> list[Any]:
    async with database.connection() as connection:
        cursor = await connection.execute(text)  # type: ignore[arg-type]
        return await cursor.fetchall() if cursor.description else []


async def test_every_end_of_a_job_writes_one_delivery_in_the_same_transaction(
    database: Database, submission: Make
) -> None:
    webhook = await a_webhook(database)
    succeeds, fails, cancelled, late, silent = (submission(max_attempts=1) for _ in range(5))
    await run(database, succeeds)
    await run(database, fails, fails=True)
    await Jobs(database).submit([cancelled, late, silent])
    await Jobs(database).cancel("acme", cancelled.job_id)
    await sql(database, f"UPDATE jobs SET deadline_time = now() WHERE job_id = '{late.job_id}'")
    await Upkeep(database).end_overdue(b"")
    await Tasks(database).claim([silent.task_id], "w", 0)
    await Upkeep(database).end_leases(b"")
    told = {one.job_id: (one.event, one.webhook_id, one.state) for one in await deliveries(database)}
    assert told == {
        succeeds.job_id: ("job.succeeded", webhook.webhook_id, 1),
        fails.job_id: ("job.failed", webhook.webhook_id, 1),
        cancelled.job_id: ("job.cancelled", webhook.webhook_id, 1),
        late.job_id: ("job.failed", webhook.webhook_id, 1),
        silent.job_id: ("job.failed", webhook.webhook_id, 1),
    }


async def test_a_job_that_ends_twice_is_told_twice_as_it_was_each_time(database: Database, submission: Make) -> None:
    await a_webhook(database)
    asked = submission(labels={"film": "b"})
    await run(database, asked, fails=True)
    (rerun,) = await Jobs(database).rerun("acme", asked.job_id)
    (claim,) = await Tasks(database).claim([rerun.task_id], "w", 30)
    await Tasks(database).complete([Success(claim.task_id, claim.claim_id, ())])
    await Jobs(database).delete("acme", asked.job_id)
    claims = await claim_all(database)
    jobs = await Deliveries(database).jobs(claims)
    told = [jobs[(one.job_id, one.transition)] for one in sorted(claims, key=lambda one: one.delivery_id)]  # type: ignore[index]
    assert [(job.state, job.history) for job in told] == [(4, [1, 2, 4]), (3, [1, 2, 4, 1, 2, 3])]
    assert all((job.spec, job.labels, job.tenant) == (b"spec", {"film": "b"}, "acme") for job in told)
    assert told[0].create_time.tzinfo is not None


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({}, True),
        ({"states": [3, 5]}, True),
        ({"states": [4, 5]}, False),
        ({"kinds": ["detect_faces", "segment"]}, True),
        ({"kinds": ["segment"]}, False),
        ({"labels": {"film": "b"}}, True),
        ({"labels": {"film": "b", "year": "1927"}}, False),
        ({"disabled": True}, False),
        ({"tenant": "other"}, False),
    ],
)
async def test_a_webhook_is_told_what_it_asked_for(
    database: Database, submission: Make, wanted: dict[str, Any], told: bool
) -> None:
    await a_webhook(database, **wanted)
    await run(database, submission(labels={"film": "b", "reel": "2"}))
    assert bool(await deliveries(database)) == told


async def test_what_is_undone_is_not_told(database: Database, submission: Make) -> None:
    await a_webhook(database)
    asked = submission()
    await Jobs(database).submit([asked])

    async def breaks(connection: Any) -> None:
        await connection.execute("UPDATE jobs SET state = 5")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.transact("test", breaks)
    assert await deliveries(database) == []


async def test_a_delivery_is_claimed_by_one_and_again_when_its_lease_ends(database: Database, submission: Make) -> None:
    await a_webhook(database)
    for _ in range(20):
        await run(database, submission())
    held = await asyncio.gather(*(claim_all(database, 5, lease_seconds=0.5) for _ in range(4)))
    ids = [one.delivery_id for claims in held for one in claims]
    assert len(ids) == len(set(ids)) == 20
    assert await claim_all(database) == []
    await asyncio.sleep(0.6)
    again = await claim_all(database)
    assert sorted(one.delivery_id for one in again) == sorted(ids)
    assert {(one.attempt, one.tries) for one in again} == {(2, 2)}


async def test_who_lost_the_lease_settles_nothing(database: Database, submission: Make) -> None:
    await a_webhook(database)
    await run(database, submission())
    (first,) = await claim_all(database, lease_seconds=0)
    (second,) = await claim_all(database)
    state = Deliveries(database)
    assert await state.settle([Outcome(first, DEAD)]) == [False]
    assert await state.settle([Outcome(second, DeliveryState.DELIVERED, status_code=204)]) == [True]
    (delivery,) = await deliveries(database)
    assert (delivery.state, delivery.status_code, delivery.count) == (2, 204, 2)


async def test_a_failed_attempt_waits_and_a_handed_back_one_does_not_count(
    database: Database, submission: Make
) -> None:
    await a_webhook(database)
    await run(database, submission())
    state = Deliveries(database)
    (claimed,) = await claim_all(database)
    await state.settle([Outcome(claimed, DeliveryState.PENDING, delay_seconds=0.3, error="no")])
    assert await claim_all(database) == []
    await asyncio.sleep(0.4)
    (claimed,) = await claim_all(database)
    await state.hand_back([claimed])
    (claimed,) = await claim_all(database)
    assert (claimed.attempt, claimed.count, claimed.tries) == (3, 2, 2)


async def test_a_redelivery_starts_its_tries_anew_under_the_same_id(database: Database, submission: Make) -> None:
    webhook = await a_webhook(database)
    await run(database, submission())
    state = Deliveries(database)
    (first,) = await claim_all(database)
    await state.settle([Outcome(first, DEAD, error="gone")])
    assert [one.delivery_id for one in await state.list_page("acme", None, DEAD)] == [first.delivery_id]
    again = await state.redeliver("acme", webhook.webhook_id, first.delivery_id)
    assert (again.state, again.error, again.end_time) == (1, "", None)
    (second,) = await claim_all(database)
    assert (second.delivery_id, second.count, second.tries) == (first.delivery_id, 2, 1)
    with pytest.raises(NotFound):
        await state.redeliver("other", webhook.webhook_id, first.delivery_id)


async def test_due_receivers_are_found_in_rounds_however_large_a_backlog_is(
    database: Database, submission: Make
) -> None:
    webhooks = [await a_webhook(database, tenant) for tenant in ("a", "b", "b", "c")]
    for tenant in ("a", "b", "c"):
        for _ in range(3):
            await run(database, submission(tenant=tenant))
    await Webhooks(database).update("c", webhooks[3].webhook_id, Change(disabled=True))
    state = Deliveries(database)
    first, position = await state.due(None, 2)
    rest, end = await state.due(position, 3)
    expected = sorted(Receiver(one.tenant, one.webhook_id) for one in webhooks[:3])
    assert (sorted(first + rest), end) == (expected, None)


async def test_what_waits_for_a_disabled_webhook_is_given_up(database: Database, submission: Make) -> None:
    webhook = await a_webhook(database)
    await run(database, submission())
    await Webhooks(database).update("acme", webhook.webhook_id, Change(disabled=True))
    assert await Deliveries(database).end_unwanted("disabled") == 1
    (delivery,) = await deliveries(database)
    assert (delivery.state, delivery.error) == (DEAD, "disabled")
    assert await Deliveries(database).end_unwanted("disabled") == 0


async def test_deliveries_of_a_deleted_webhook_are_not_seen_not_sent_and_purged(
    database: Database, submission: Make
) -> None:
    kept, deleted = await a_webhook(database), await a_webhook(database)
    await run(database, submission())
    await Webhooks(database).delete("acme", deleted.webhook_id)
    assert {one.webhook_id for one in await deliveries(database)} == {kept.webhook_id}
    assert {one.webhook_id for one in await claim_all(database)} == {kept.webhook_id}
    assert await Deliveries(database).purge_orphans() == 1
    assert await Deliveries(database).purge_orphans() == 0
    assert await sql(database, "SELECT webhook_id FROM webhook_deliveries") == [(kept.webhook_id,)]


async def test_only_old_deliveries_that_ended_are_purged(database: Database, submission: Make) -> None:
    await a_webhook(database)
    for _ in range(2):
        await run(database, submission())
    state = Deliveries(database)
    claims = await claim_all(database)
    await state.settle([Outcome(claims[0], DeliveryState.DELIVERED)])
    assert await state.purge(older_seconds=60) == 0
    assert await state.purge(older_seconds=0) == 1
    assert [one.delivery_id for one in await deliveries(database)] == [claims[1].delivery_id]


async def test_no_statement_of_a_delivery_reads_all_deliveries(database: Database) -> None:
    webhook = await a_webhook(database)
    for state, count in ((DeliveryState.DELIVERED, 20_000), (DeliveryState.PENDING, 500)):
        await sql(
            database,
            "INSERT INTO webhook_deliveries (tenant, delivery_id, webhook_id, event, state, end_time) "
            f"SELECT 'acme', new_uuid7(), '{webhook.webhook_id}', 'job.failed', {state:d}, now() "
            f"FROM generate_series(1, {count})",
        )
    await sql(database, "ANALYZE webhook_deliveries")
    one = {"tenants": ["acme"], "webhook_ids": [webhook.webhook_id]}
    page = {"tenant": "acme", "webhook_id": None, "state": None, "before": uuid7(), "count": 51}
    asked: dict[str, dict[str, Any]] = {
        "waiting": {"tenant": "", "webhook_id": UUID(int=0), "count": 1000},
        "claim": {**one, "counts": [4], "lease_seconds": 60.0},
        "list": page,
        "purge": {"older_seconds": 60.0, "count": 500},
        "backlog": {},
    }
    for name, parameters in asked.items():
        async with database.connection() as connection, connection.transaction(force_rollback=True):
            explained = await connection.execute(f"EXPLAIN (ANALYZE) {statement(f'deliveries.{name}')}", parameters)
            plan = "\n".join(row[0] for row in await explained.fetchall())
        assert "Seq Scan on webhook_deliveries" not in plan, plan
        read = [int(float(rows)) for rows in re.findall(r"on webhook_deliveries.*actual time=\S+ rows=([\d.]+)", plan)]
        assert max(read) <= (600 if name == "backlog" else 51), plan


async def test_a_repeated_request_finds_the_first_webhook_with_its_secret(database: Database) -> None:
    request_id = uuid4()
    first = await a_webhook(database, request_id=request_id)
    again = await a_webhook(database, request_id=request_id, secret=b"t" * 32)
    assert (again.webhook_id, again.secret) == (first.webhook_id, first.secret)
    with pytest.raises(SightlineError) as refused:
        await a_webhook(database, request_id=request_id, body_sha256=b"other")
    assert refused.value.reason is Reason.REQUEST_ID_REUSED


async def test_a_tenant_has_as_many_webhooks_as_it_may_have_and_no_more(database: Database) -> None:
    state = Webhooks(database)
    new = [NewWebhook("acme", uuid7(), "https://hooks.test/", b"s" * 32, b"") for _ in range(3)]
    for one in new[:2]:
        await state.add(one, count_max=2)
    with pytest.raises(SightlineError) as refused:
        await state.add(new[2], count_max=2)
    assert refused.value.reason is Reason.WEBHOOK_LIMIT_REACHED
    assert await state.add(NewWebhook("other", uuid7(), "https://hooks.test/", b"", b""), count_max=2)


async def test_only_what_is_named_changes(database: Database) -> None:
    before = await a_webhook(database, display_name="one", states=[3], labels={"a": "b"})
    state = Webhooks(database)
    after = await state.update("acme", before.webhook_id, Change(disabled=True, states=[]))
    assert (after.disabled, after.states, after.display_name, after.labels) == (True, [], "one", {"a": "b"})
    assert after.update_time > before.update_time
    with pytest.raises(NotFound):
        await state.update("other", before.webhook_id, Change(disabled=True))


async def test_identifiers_made_by_the_database_sort_by_time(database: Database) -> None:
    made: list[UUID] = []
    for _ in range(3):
        made += [row[0] for row in await sql(database, "SELECT new_uuid7()")]
        await asyncio.sleep(0.002)
    assert made == sorted(made)
    assert all((one.version, one.variant) == (7, "specified in RFC 4122") for one in made)
    assert abs((made[0].int >> 80) - (uuid7().int >> 80)) < 5000
