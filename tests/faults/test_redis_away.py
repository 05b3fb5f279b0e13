"""Redis killed for a while, frozen, emptied under live connections, and emptied by a restart."""

from __future__ import annotations

import signal
import time

import redis
from audit import SUCCEEDED, audit
from engine import LOOKS_NEVER, Engine, Part, until
from servers import Server

# The rows are looked at only when Redis is away or housekeeping sends a message again.


def test_jobs_are_taken_in_and_done_while_redis_is_killed_and_the_fast_path_comes_back(
    engine_on_own_redis: Engine, own_valkey: Server
) -> None:
    engine = engine_on_own_redis
    gateway = engine.gateway()
    worker = engine.worker(**LOOKS_NEVER)
    with engine.client() as client:
        names = engine.submit(client, 50, milliseconds=20)
        own_valkey.kill()
        during = [name for _ in range(5) for name in engine.submit(client, 20, milliseconds=20)]
        assert set(engine.until_ended(during, 30).values()) == {SUCCEEDED}
        own_valkey.start()
        _until_fast(engine, gateway, worker)
        names += during
        assert set(engine.until_ended(names).values()) == {SUCCEEDED}
    account = audit(engine.postgres_url, names)
    assert not account.faults
    assert set(account.attempts) == {"succeeded"}


def test_nobody_waits_for_a_redis_that_takes_connections_and_does_not_answer(
    engine_on_own_redis: Engine, own_valkey: Server
) -> None:
    engine = engine_on_own_redis
    gateway = engine.gateway()
    worker = engine.worker(**LOOKS_NEVER)
    with engine.client() as client:
        engine.until_ended(engine.submit(client, 10))
        own_valkey.kill(signal.SIGSTOP)
        began = time.monotonic()
        names = engine.submit(client, 20)
        assert time.monotonic() - began < 2, "a submission waited for Redis"
        engine.until_ended(names, 20)
        # By now everybody has noticed: what comes is done as fast as PostgreSQL alone allows.
        began = time.monotonic()
        for _ in range(5):
            more = engine.submit(client, 20)
            engine.until_ended(more, 20)
            names += more
        assert time.monotonic() - began < 10
        own_valkey.kill(signal.SIGCONT)
        _until_fast(engine, gateway, worker)
    assert not audit(engine.postgres_url, names).faults


def test_messages_that_were_emptied_away_under_live_connections_are_sent_again(
    engine_on_own_redis: Engine, own_valkey: Server
) -> None:
    engine = engine_on_own_redis
    engine.gateway()
    engine.worker(**LOOKS_NEVER)
    with engine.client() as client:
        names = engine.submit(client, 200, milliseconds=30)
        with redis.Redis.from_url(own_valkey.url) as raw:
            until(lambda: _length(raw) > 20, "messages lie in Redis")
            raw.flushall()
            assert set(engine.until_ended(names).values()) == {SUCCEEDED}
    account = audit(engine.postgres_url, names)
    assert not account.faults
    assert set(account.attempts) == {"succeeded"}


def test_messages_that_a_restart_has_emptied_away_are_sent_again(
    engine_on_own_redis: Engine, own_valkey: Server
) -> None:
    engine = engine_on_own_redis
    gateway = engine.gateway()
    worker = engine.worker(**LOOKS_NEVER)
    with engine.client() as client:
        names = engine.submit(client, 200, milliseconds=30)
        engine.until_begun()
        own_valkey.kill()
        own_valkey.start()
        assert set(engine.until_ended(names).values()) == {SUCCEEDED}
        _until_fast(engine, gateway, worker)
    account = audit(engine.postgres_url, names)
    assert not account.faults
    assert set(account.attempts) == {"succeeded"}


def _length(raw: redis.Redis) -> int:
    return sum(raw.llen(key) for key in raw.keys("face*") if raw.type(key) == b"list")


def _until_fast(engine: Engine, gateway: Part, worker: Part) -> None:
    """Wait until a job goes through Redis again: its message was sent, and a worker that never looks got it."""
    with engine.client(gateway) as client:

        def went_through() -> bool:
            sent = gateway.metric("sightline_tasks_published_total", queue="face")
            claimed = worker.metric("sightline_tasks_claimed_total", queue="face")
            engine.until_ended(engine.submit(client, 1))
            return (
                gateway.metric("sightline_tasks_published_total", queue="face") > sent
                and worker.metric("sightline_tasks_claimed_total", queue="face") > claimed
            )

        until(went_through, "a job goes through Redis again")
