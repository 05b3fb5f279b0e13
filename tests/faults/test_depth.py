"""The exported depth of the queue is the truth while jobs flow, and so is what lies in Redis."""

from __future__ import annotations

import threading
import time

import psycopg
import redis
from audit import audit
from engine import Engine, until

# The duty measures every second what is at most a second old; a scrape and a busy machine take their time too.
LAG_SECONDS = 3.0
# What may end between two looks at the truth.
BETWEEN = 8


class Truth:
    """Looks at the rows again and again on a thread of its own."""

    def __init__(self, postgres_url: str) -> None:
        self._url = postgres_url
        self._seen: list[tuple[float, int]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Truth:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def of_late(self, since: float) -> list[int]:
        """What was true since then, and just before."""
        before = [depth for when, depth in self._seen if when < since]
        return before[-1:] + [depth for when, depth in self._seen if when >= since]

    def _look(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._stop.wait(0.02):
                (row,) = connection.execute("SELECT count(*) FROM tasks WHERE state IN (1, 2)").fetchall()
                self._seen.append((time.monotonic(), row[0]))


def test_the_exported_depth_is_what_waits_and_runs_while_jobs_flow(engine: Engine) -> None:
    gateway = engine.gateway()
    engine.worker()
    exported: list[float] = []
    until(lambda: gateway.metric("sightline_leads"), "the gateway leads")
    with engine.client() as client, Truth(engine.postgres_url) as truth:

        def scrape() -> float:
            asked = time.monotonic()
            gauge = gateway.metric("sightline_queue_depth", queue="face")
            late = truth.of_late(asked - LAG_SECONDS)
            assert min(late) - BETWEEN <= gauge <= max(late) + BETWEEN, f"{gauge} was not true of late: {late}"
            exported.append(gauge)
            return gauge

        names = engine.submit(client, 1)
        engine.until_ended(names)
        for _ in range(6):
            names += engine.submit(client, 100, milliseconds=40)
            deadline = time.monotonic() + 1.5
            while time.monotonic() < deadline:
                scrape()
                time.sleep(0.1)
        until(lambda: scrape() == 0, "the queue is empty, and the gauge says so", 60)
    assert len(set(exported)) > 3
    assert max(exported) > 100
    assert not audit(engine.postgres_url, names).faults


def test_every_waiting_task_has_one_message_in_redis(engine: Engine) -> None:
    gateway = engine.gateway()
    with engine.client() as client, redis.Redis.from_url(engine.redis_url) as raw:
        names = engine.submit(client, 300)
        until(lambda: _messages(raw) == 300, "all are published")
        until(lambda: gateway.metric("sightline_queue_depth", queue="face") == 300, "the depth is exported", 10)
        # Longer than a message may be missing: none is sent twice.
        time.sleep(2)
        assert _messages(raw) == 300
        engine.worker()
        engine.until_ended(names)
        assert _messages(raw) == 0


def _messages(raw: redis.Redis) -> int:
    return sum(raw.llen(key) for key in raw.keys("face*") if raw.type(key) == b"list")
