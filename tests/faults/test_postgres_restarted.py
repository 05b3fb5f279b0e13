"""PostgreSQL restarted under the feet of everybody: in the middle of claims and of completions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from audit import SUCCEEDED, audit
from engine import Engine, until
from servers import Server

WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"


def test_a_completion_that_the_restart_broke_off_is_written_again_and_counts_once(
    engine_on_own_postgres: Engine, own_postgres: Server
) -> None:
    engine = engine_on_own_postgres
    engine.gateway()
    engine.worker(TINY_WORKER__LEASE_SECONDS="60", TINY_SECONDS="0.3")
    with engine.client() as client:
        (name,) = engine.submit(client, 1)
        engine.until_begun(name)
        with _locked(own_postgres, "jobs"):
            until(lambda: engine.rows(WAITS, "%payloads AS%")[0][0], "the completion waits")
            own_postgres.kill()
        own_postgres.start()
        assert engine.until_ended([name]) == {name: SUCCEEDED}
    account = audit(engine.postgres_url, [name])
    assert not account.faults
    assert account.attempts == {"succeeded": 1}


def test_a_claim_that_the_restart_broke_off_is_made_again(engine_on_own_postgres: Engine, own_postgres: Server) -> None:
    engine = engine_on_own_postgres
    engine.gateway()
    with engine.client() as client:
        (name,) = engine.submit(client, 1)
        with _locked(own_postgres, "jobs"):
            engine.worker()
            until(lambda: engine.rows(WAITS, "%SET state = 2%")[0][0], "the claim waits")
            own_postgres.kill()
        own_postgres.start()
        assert engine.until_ended([name]) == {name: SUCCEEDED}
    assert not audit(engine.postgres_url, [name]).faults


def test_a_claim_that_the_crash_undid_is_made_again_and_watchers_go_on(
    engine_on_own_postgres: Engine, own_postgres: Server
) -> None:
    engine = engine_on_own_postgres
    # The commit of a claim is not waited for: now it stays in memory for ten seconds, and the crash takes it.
    _slow_wal(own_postgres)
    engine.gateway()
    with engine.client() as client:
        (name,) = engine.submit(client, 1)
        watch = client.jobs.watch(name)
        seen = [next(watch)]
        engine.worker(TINY_SECONDS="3", TINY_WORKER__HEARTBEAT_SECONDS="30", TINY_WORKER__LEASE_SECONDS="60")
        seen.append(next(watch))
        own_postgres.kill()
        own_postgres.start()
        assert engine.rows("SELECT state, attempt FROM tasks") == [(1, 0)], "the claim was not undone"
        seen += watch
    assert [event.job.state for event in seen][:2] == [1, 2]
    assert seen[-1].job.state == SUCCEEDED
    numbers = [event.sequence for event in seen]
    assert numbers == sorted(set(numbers))
    assert not audit(engine.postgres_url, [name]).faults


def test_jobs_go_on_after_postgres_was_away_for_long(engine_on_own_postgres: Engine, own_postgres: Server) -> None:
    engine = engine_on_own_postgres
    gateway = engine.gateway()
    engine.worker()
    with engine.client() as client:
        names = engine.submit(client, 100, milliseconds=50)
        engine.until_begun()
        own_postgres.kill()
        until(lambda: gateway.readiness() == 503, "the gateway says that it is not ready")
        # Longer than a pool tries to connect again by itself.
        time.sleep(7)
        own_postgres.start()
        until(lambda: gateway.readiness() == 200, "the gateway is ready again")
        names += engine.submit(client, 20)
        assert set(engine.until_ended(names).values()) == {SUCCEEDED}
    assert not audit(engine.postgres_url, names).faults


@contextmanager
def _locked(server: Server, table: str) -> Iterator[None]:
    """Hold every row of a table, so that a statement which is to change one waits; the server may die meanwhile."""
    connection = psycopg.connect(server.url)
    try:
        connection.execute(f"SELECT FROM {table} FOR UPDATE")
        yield
    finally:
        connection.close()


def _slow_wal(server: Server) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        connection.execute("SELECT pg_reload_conf()")
