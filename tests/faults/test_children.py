"""Work in child processes: whatever happens to the job, the worker or the child, no process and no folder stays."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

from audit import CANCELLED, SUCCEEDED, audit
from engine import LEASE_SECONDS, WORKER, Engine, Part, until

HEARTBEAT_SECONDS = float(WORKER["TINY_WORKER__HEARTBEAT_SECONDS"])
# What the wake-up, the statement and a busy machine take beside the heartbeat.
SLACK_SECONDS = 2.0


class Napper(NamedTuple):
    """A child that works on a job."""

    pid: int
    folder: Path

    @property
    def alive(self) -> bool:
        """Whether its process is there."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def until_gone(self, seconds: float) -> None:
        """Wait until neither its process nor its folder is there."""
        until(lambda: not self.alive, "the child ends", seconds)


def worker(engine: Engine, seconds: float = 60) -> Part:
    return engine.worker(TINY_IN_CHILD="1", TINY_SECONDS=str(seconds), TINY_DRAIN_SECONDS="0.5")


def napper(engine: Engine, job: str, attempt: int = 1) -> Napper:
    """Wait for the child of an attempt at a job."""

    def found() -> list[str]:
        said = (line.split() for one in engine.workers for line in one.lines if line.startswith("child "))
        return [f"{pid} {folder}" for _, name, pid, folder in said if f"jobs/{name}" == job]

    until(lambda: len(found()) >= attempt, "a child begins")
    pid, folder = found()[attempt - 1].split()
    return Napper(int(pid), Path(folder))


def test_cancelling_a_job_ends_its_child_within_a_heartbeat_and_leaves_nothing(engine: Engine) -> None:
    engine.gateway()
    worker(engine)
    with engine.client() as client:
        (name,) = engine.submit(client, 1)
        child = napper(engine, name)
        assert child.alive
        assert child.folder.exists()
        client.jobs.cancel(name)
        child.until_gone(HEARTBEAT_SECONDS + SLACK_SECONDS)
        until(lambda: not child.folder.exists(), "the folder goes", SLACK_SECONDS)
        assert engine.until_ended([name]) == {name: CANCELLED}


def test_a_worker_that_is_killed_takes_its_child_along_and_another_does_the_job(engine: Engine) -> None:
    engine.gateway()
    first = worker(engine)
    with engine.client() as client:
        (name,) = engine.submit(client, 1)
        child = napper(engine, name)
        worker(engine, 0.5)
        first.kill()
        child.until_gone(SLACK_SECONDS)
        until(lambda: not child.folder.exists(), "the folder goes", SLACK_SECONDS)
        assert engine.until_ended([name]) == {name: SUCCEEDED}
    account = audit(engine.postgres_url, [name])
    assert not account.faults
    assert account.attempts == {"lease_lost": 1, "succeeded": 1}


def test_a_child_that_is_killed_from_outside_is_tried_again(engine: Engine) -> None:
    engine.gateway()
    worker(engine, 3)
    with engine.client() as client:
        (name,) = engine.submit(client, 1)
        first = napper(engine, name)
        os.kill(first.pid, signal.SIGKILL)
        assert napper(engine, name, attempt=2).pid != first.pid
        assert engine.until_ended([name]) == {name: SUCCEEDED}
        assert client.jobs.get(name).attempt_count == 2
    assert not first.folder.exists()
    assert not audit(engine.postgres_url, [name]).faults


def test_a_worker_that_slept_past_its_lease_ends_its_child_when_it_wakes(engine: Engine) -> None:
    engine.gateway()
    first = worker(engine)
    with engine.client() as client:
        (name,) = engine.submit(client, 1)
        child = napper(engine, name)
        first.kill(signal.SIGSTOP)
        worker(engine, 0.5)
        assert engine.until_ended([name]) == {name: SUCCEEDED}
        time.sleep(LEASE_SECONDS / 2)
        first.kill(signal.SIGCONT)
        child.until_gone(HEARTBEAT_SECONDS + SLACK_SECONDS)
        until(lambda: not child.folder.exists(), "the folder goes", SLACK_SECONDS)
    assert not audit(engine.postgres_url, [name]).faults


def test_a_worker_that_is_drained_ends_its_child_and_hands_the_job_on(engine: Engine) -> None:
    engine.gateway()
    first = worker(engine)
    with engine.client() as client:
        (name,) = engine.submit(client, 1)
        child = napper(engine, name)
        worker(engine, 0.5)
        first.stop()
        assert not child.alive
        assert not child.folder.exists()
        assert engine.until_ended([name]) == {name: SUCCEEDED}
