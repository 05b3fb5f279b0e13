"""Figures by tenant: those of the tables, for few tenants by name, from the gateway that leads alone."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sightline.common.state.database import Database
from sightline.common.state.jobs import Jobs
from sightline.common.state.tasks import Success, Tasks
from sightline.common.state.upkeep import Upkeep
from sightline.common.state.usage import Noted, Usage
from sightline.common.telemetry import Metrics
from sightline.gateway.kinds import QUEUES
from sightline.gateway.tenants import Tenants
from sightline.standalone.ports import Ports

GAUGES = ("tasks", "day_jobs", "day_work_seconds", "day_received_bytes")
TENANTS = [f"t{number:02d}" for number in range(30)]


def samples(metrics: Metrics, gauge: str) -> Iterator[tuple[dict[str, str], float]]:
    """What is exported of one gauge."""
    for family in metrics.registry.collect():
        if family.name == f"sightline_tenant_{gauge}":
            yield from ((one.labels, one.value) for one in family.samples)


def by_tenant(metrics: Metrics, gauge: str) -> dict[str, float]:
    """The sums of one gauge by tenant."""
    found: dict[str, float] = {}
    for labels, value in samples(metrics, gauge):
        found[labels["tenant"]] = found.get(labels["tenant"], 0) + value
    return found


@pytest.fixture
def show(database: Database) -> Callable[[int], Any]:
    """Exports once, with so many names."""

    async def once(named_max: int) -> Metrics:
        metrics = Metrics()
        assert await Tenants(Usage(database), metrics, QUEUES, named_max=named_max).export() is False
        return metrics

    return once


async def busy(database: Database, submission: Callable[..., Any]) -> None:
    """Tenant number n has n+1 tasks, of which one runs and one is done."""
    tasks = Tasks(database)
    for number, tenant in enumerate(TENANTS):
        made = [submission(tenant=tenant) for _ in range(number + 1)]
        await Jobs(database).submit(made)
        claimed = await tasks.claim([one.task_id for one in made[:2]], "w", 60)
        await tasks.complete([Success(claimed[0].task_id, claimed[0].claim_id, (b"r",))])
    async with database.connection() as connection:
        # Chance alone would say who worked longest.
        await connection.execute("UPDATE usage_news SET work_seconds = 0")


async def test_tenants_beyond_the_cap_are_told_as_one_and_nothing_is_missing(
    database: Database, submission: Callable[..., Any], show: Any
) -> None:
    await busy(database, submission)
    metrics = await show(5)
    tasks = by_tenant(metrics, "tasks")
    assert set(tasks) == set(by_tenant(metrics, "day_jobs")) == {"t25", "t26", "t27", "t28", "t29", "other"}
    async with database.connection() as connection:
        cursor = await connection.execute("SELECT tenant, count(*) FROM tasks WHERE state IN (1, 2) GROUP BY tenant")
        truth = {str(tenant): int(count) for tenant, count in await cursor.fetchall()}
    for tenant in set(tasks) - {"other"}:
        assert tasks[tenant] == truth.pop(tenant)
    assert tasks["other"] == sum(truth.values())
    assert sum(by_tenant(metrics, "day_jobs").values()) == len(TENANTS)
    assert metrics.registry.get_sample_value("sightline_tenants") == len(TENANTS)
    assert sum(1 for gauge in GAUGES for _ in samples(metrics, gauge)) <= 6 * 2 + 6 * 3


async def test_the_tenants_of_a_queue_add_up_to_its_depth(
    database: Database, submission: Callable[..., Any], show: Any
) -> None:
    await busy(database, submission)
    async with database.connection() as connection:
        # Back in the queue after a failure, and not ready yet: no part of the depth.
        await connection.execute(
            "UPDATE tasks SET ready_time = now() + interval '1 hour' WHERE tenant = 't29' AND state = 1"
        )
    metrics = await show(30)
    (depth,) = await Upkeep(database).depths()
    assert sum(by_tenant(metrics, "tasks").values()) == depth.waiting + depth.running
    assert {labels["queue"] for labels, _ in samples(metrics, "tasks")} == {"face"}
    running = [value for labels, value in samples(metrics, "tasks") if labels["state"] == "running"]
    assert sum(running) == depth.running


async def test_what_a_day_saw_is_the_sum_of_its_hours_and_of_what_is_news(database: Database, show: Any) -> None:
    usage, hour = Usage(database), datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [hour - timedelta(hours=back) for back in (0, 5, 23, 24, 400)]
    for kind, size in (("detect_faces", 7), ("upload_media", 100), ("import_media:video", 10), ("search_faces", 0)):
        await usage.note([Noted("a", at, kind, 2, size) for at in hours])
        await usage.note([Noted("b", hour, kind, 1, size)])
    expected = {"day_jobs": {"a": 6.0, "b": 1.0}, "day_received_bytes": {"a": 330.0, "b": 110.0}}
    for rolled_up in (False, True):
        if rolled_up:
            await usage.roll_up()
        metrics = await show(20)
        assert {gauge: by_tenant(metrics, gauge) for gauge in expected} == expected, rolled_up
    assert by_tenant(await show(0), "day_jobs") == {"other": 7.0}


async def test_who_leads_no_longer_tells_nothing(database: Database, submission: Callable[..., Any]) -> None:
    await busy(database, submission)
    metrics = Metrics()
    tenants = Tenants(Usage(database), metrics, QUEUES, named_max=5)
    await tenants.export()
    tenants.withdraw()
    assert [one for gauge in GAUGES for one in samples(metrics, gauge)] == []
    assert metrics.registry.get_sample_value("sightline_tenants") == 0


async def test_a_gateway_that_leads_shows_them_and_names_no_more_than_it_may(
    start: Any, call: Any, wanted: Any, settings: Any
) -> None:
    port = Ports().take()
    telemetry = settings.telemetry.model_copy(update={"metrics_port": port})
    quick = settings.housekeeping.model_copy(update={"tenants_seconds": 0.1, "tenants_named_max": 1})
    client = await call(await start(settings.model_copy(update={"telemetry": telemetry, "housekeeping": quick})))
    await client("CreateJob", wanted())
    line = 'sightline_tenant_tasks{queue="face",state="waiting",tenant="acme"} 1.0'
    async with asyncio.timeout(10):
        while line not in await asyncio.to_thread(_page, port):
            await asyncio.sleep(0.05)


def _page(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
        return str(page.read().decode())
