"""SIGKILL of workers in the middle of their work."""

from __future__ import annotations

import random
import time

from audit import SUCCEEDED, audit
from engine import LEASE_SECONDS, Engine


def test_a_job_whose_worker_is_killed_is_done_by_another_within_its_lease(engine: Engine) -> None:
    engine.gateway()
    first = engine.worker(TINY_SECONDS="30")
    with engine.client() as client:
        (name,) = engine.submit(client, 1)
        engine.until_begun(name)
        engine.worker()
        killed = time.monotonic()
        first.kill()
        engine.until_ended([name])
        # The lease, and what housekeeping and the wake-up take.
        assert time.monotonic() - killed < LEASE_SECONDS + 4
        assert client.jobs.get(name).attempt_count == 2
    account = audit(engine.postgres_url, [name])
    assert not account.faults
    assert account.attempts == {"lease_lost": 1, "succeeded": 1}


def test_no_job_of_hundreds_is_lost_or_done_twice_while_workers_are_killed_again_and_again(engine: Engine) -> None:
    engine.gateway(GATEWAY_JOBS__MAX_ATTEMPTS="20")
    workers = [engine.worker() for _ in range(2)]
    names: list[str] = []
    with engine.client() as client:
        for _ in range(6):
            before = len(engine.begun())
            names += engine.submit(client, 80, milliseconds=30)
            engine.until_begun(times=before + random.randint(10, 30))
            victim = random.choice(workers)
            victim.kill()
            victim.start()
        states = engine.until_ended(names)
    assert set(states.values()) == {SUCCEEDED}
    account = audit(engine.postgres_url, names)
    assert not account.faults
    assert account.attempts["lease_lost"] >= 1
