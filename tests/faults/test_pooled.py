"""Gateways and workers behind a pooler that shares few connections between the transactions of all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import poolers
import pytest
from audit import SUCCEEDED, audit
from engine import Engine, until
from servers import Background, Server

# What a process says when something is wrong.
FAULTS = ('"level": "error"', '"level": "warning"', "Traceback", "discarding closed connection")


@pytest.fixture(params=poolers.KINDS)
def pooled(request: pytest.FixtureRequest, background: Background, postgres_url: str) -> Iterator[dict[str, str]]:
    """A pooler with three connections; gives the settings of processes that go through it, without their prefix."""
    kind = str(request.param)
    folder, settings = poolers.configure(postgres_url, pool_size=3, prepared_statements=poolers.prepares(kind))
    running = poolers.pooler(kind, background, folder, postgres_url)
    running.start()
    assert settings.pooler is not None
    yield {
        "POSTGRES__POOLER": settings.pooler.get_secret_value(),
        "POSTGRES__PREPARED_STATEMENTS": str(settings.prepared_statements),
        # A busy machine is no complaint.
        "POSTGRES__SLOW_QUERY_SECONDS": "60",
    }
    running.stop()
    shutil.rmtree(folder)


@pytest.fixture
def engine(
    background: Background, postgres_url: str, own_valkey: Server, tmp_path: Path, pooled: dict[str, str]
) -> Iterator[Engine]:
    """Two gateways and three workers through the pooler."""
    made = Engine(background, postgres_url, own_valkey.url, tmp_path)
    for _ in range(2):
        made.gateway(**{f"GATEWAY_{name}": value for name, value in pooled.items()})
    for _ in range(3):
        made.worker(**{f"TINY_{name}": value for name, value in pooled.items()})
    yield made
    made.stop()


def test_jobs_are_woken_watched_and_succeed_over_few_sessions_and_nobody_complains(engine: Engine) -> None:
    with engine.client() as client:
        names = engine.submit(client, 200)
        assert set(engine.until_ended(names).values()) == {SUCCEEDED}
        began = time.monotonic()
        for _ in range(10):
            (name,) = engine.submit(client, 1)
            assert client.jobs.wait(name).state == SUCCEEDED
        # Each is woken, and does not wait for a look into the rows.
        assert time.monotonic() - began < 5
    assert not audit(engine.postgres_url, names).faults
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    # Three for all, and one for each gateway that leads or would.
    assert engine.rows(query)[0][0] <= 3 + len(engine.gateways)
    assert [line for part in (*engine.gateways, *engine.workers) for line in part.lines if _complains(line)] == []


def test_another_leads_when_the_leader_is_killed(engine: Engine) -> None:
    def leads(number: int) -> bool:
        return bool(engine.gateways[number].metric("sightline_leads"))

    leader = until(lambda: [n for n in range(2) if leads(n)], "one of them leads")[0]
    engine.gateways[leader].kill()
    other = 1 - leader
    until(lambda: leads(other), "the other one leads", 20)
    with engine.client(engine.gateways[other]) as client:
        names = engine.submit(client, 5)
        # What lost its message is published by who leads.
        engine.rows("UPDATE tasks SET publish_time = NULL RETURNING 1")
        assert set(engine.until_ended(names).values()) == {SUCCEEDED}


def test_jobs_run_on_without_redis(engine: Engine, own_valkey: Server) -> None:
    own_valkey.kill()
    with engine.client() as client:
        names = engine.submit(client, 20)
        assert set(engine.until_ended(names).values()) == {SUCCEEDED}
    own_valkey.start()


def _complains(line: str) -> bool:
    return any(word in line for word in FAULTS)
