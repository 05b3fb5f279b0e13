"""SIGSTOP of a worker past its lease, then SIGCONT: what it still writes comes too late."""

from __future__ import annotations

import signal

from audit import audit
from engine import Engine, Part, until

from sightline.v1.job_pb2 import Job


def test_a_worker_that_wakes_up_past_its_lease_is_refused_and_there_is_one_result(engine: Engine) -> None:
    engine.gateway()
    # It has time for nothing but its end when it wakes up: the late write itself is refused, not the heartbeat.
    frozen = engine.worker(TINY_SECONDS="1", TINY_WORKER__HEARTBEAT_SECONDS="30")
    with engine.client() as client:
        (name,) = engine.submit(client, 1)
        engine.until_begun(name)
        frozen.kill(signal.SIGSTOP)
        other = engine.worker()
        engine.until_ended([name])
        frozen.kill(signal.SIGCONT)
        until(lambda: any("outcome_refused" in line for line in frozen.lines), "the late write is refused")
        job = client.jobs.get(name)
        (result,) = client.jobs.results(job)
    assert (job.state, job.attempt_count) == (Job.STATE_SUCCEEDED, 2)
    assert result.detect_faces.image_size.height_px == other.pid
    account = audit(engine.postgres_url, [name])
    assert not account.faults
    assert account.attempts == {"lease_lost": 1, "succeeded": 1}


def test_a_worker_that_wakes_up_to_its_own_lost_tasks_does_each_once(engine: Engine) -> None:
    engine.gateway()
    alone = engine.worker(TINY_SECONDS="0.5", TINY_WORKER__SLOTS="4")
    names: list[str] = []
    with engine.client() as client:
        for _ in range(2):
            names += engine.submit(client, 12)
            lost = _lost(engine)
            until(lambda: _stopped_at_work(engine, alone), "the worker is stopped with tasks in hand")
            until(lambda lost=lost: _lost(engine) > lost, "the leases end")
            alone.kill(signal.SIGCONT)
        engine.until_ended(names)
    account = audit(engine.postgres_url, names)
    assert not account.faults
    assert account.attempts["succeeded"] == len(names)


def _stopped_at_work(engine: Engine, worker: Part) -> bool:
    """Stop a worker; one that has nothing in hand may go on."""
    worker.kill(signal.SIGSTOP)
    if engine.rows("SELECT FROM tasks WHERE state = 2"):
        return True
    worker.kill(signal.SIGCONT)
    return False


def _lost(engine: Engine) -> int:
    return len(engine.rows("SELECT FROM task_attempts WHERE outcome = 'lease_lost'"))
