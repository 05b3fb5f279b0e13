"""SIGTERM of a worker that has claimed far ahead."""

from __future__ import annotations

import signal
import time

from audit import SUCCEEDED, audit
from engine import Engine, until
from servers import ended


def test_what_was_claimed_ahead_is_handed_back_at_once_and_no_attempt_is_counted(engine: Engine) -> None:
    engine.gateway()
    leaving = engine.worker()
    with engine.client() as client:
        # Very short errands first: the worker learns to claim ahead.
        engine.until_ended(engine.submit(client, 300))
        begun = len(engine.begun())
        names = engine.submit(client, 60, milliseconds=300)
        until(lambda: engine.rows("SELECT count(*) FROM tasks WHERE state = 2")[0][0] >= 20, "it claims ahead")
        pid, asked = leaving.pid, time.monotonic()
        leaving.kill(signal.SIGTERM)
        assert ended(pid, 5)
        took = time.monotonic() - asked
        # It ended what it had begun, and nothing more.
        done = sum(state == SUCCEEDED for state in engine.states(names).values())
        assert done == len(engine.begun()) - begun < 20
        assert took < 3
        assert engine.rows("SELECT count(*) FROM tasks WHERE state = 2") == [(0,)]
        assert {job.attempt_count for job in client.jobs.batch_get(names)} == {0, 1}
        engine.worker()
        states = engine.until_ended(names)
        assert {job.attempt_count for job in client.jobs.batch_get(names)} == {1}
    assert set(states.values()) == {SUCCEEDED}
    account = audit(engine.postgres_url, names)
    assert not account.faults
    assert set(account.attempts) == {"succeeded"}


def test_errands_that_outlast_the_drain_are_done_by_the_next_worker_without_waiting_for_a_lease(
    engine: Engine,
) -> None:
    engine.gateway()
    leaving = engine.worker(TINY_SECONDS="60", TINY_DRAIN_SECONDS="0.5", TINY_WORKER__LEASE_SECONDS="60")
    with engine.client() as client:
        names = engine.submit(client, 2)
        engine.until_begun(times=2)
        leaving.kill(signal.SIGTERM)
        assert ended(leaving.pid, 10)
        engine.worker()
        assert set(engine.until_ended(names, 15).values()) == {SUCCEEDED}
    account = audit(engine.postgres_url, names)
    assert not account.faults
    assert account.attempts == {"retried": 2, "succeeded": 2}
