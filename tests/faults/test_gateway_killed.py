"""A gateway killed between commit and publication, and in the middle of WatchJob."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path

from audit import SUCCEEDED, audit
from engine import LOOKS_NEVER, Engine, until

from sightline.v1.job_pb2 import Job, JobEvent

DYING_GATEWAY = Path(__file__).with_name("dying_gateway.py")


def test_what_was_acknowledged_and_not_published_is_published_by_the_next_gateway(engine: Engine) -> None:
    dying = engine.gateway(script=DYING_GATEWAY)
    engine.worker(**LOOKS_NEVER)
    with engine.client() as client:
        names = [client.jobs.create(engine.request(client).job.spec, force=True).name]
        until(lambda: not dying.alive, "the gateway dies")
        assert engine.rows("SELECT state, attempt FROM tasks") == [(1, 0)]
        engine.gateway()
        assert engine.until_ended(names) == {names[0]: SUCCEEDED}
    account = audit(engine.postgres_url, names)
    assert not account.faults
    assert account.attempts == {"succeeded": 1}


def test_a_watch_goes_on_without_gap_or_repeat_when_its_gateway_is_killed_in_the_middle(engine: Engine) -> None:
    killed, other = engine.gateway(), engine.gateway()
    with engine.client(killed) as client, engine.client(other) as witness:
        (name,) = engine.submit(client, 1)
        told: list[JobEvent] = []
        seen: list[JobEvent] = []
        watchers = [_watching(client.jobs.watch(name), told), _watching(witness.jobs.watch(name), seen)]
        until(lambda: told and seen, "both watch")
        # The first attempt fails, so that the job goes through more states than one.
        first = engine.worker(TINY_SECONDS="60")
        for state in (Job.STATE_RUNNING, Job.STATE_QUEUED):
            until(lambda state=state: told[-1].job.state == state, f"state {state} is told")
            killed.kill()
            if state == Job.STATE_RUNNING:
                first.kill()
            killed.start()
        engine.worker(TINY_SECONDS="3")
        until(lambda: 0 < told[-1].job.progress < 1 and told[-1].sequence >> 20 == 4, "progress is told")
        killed.kill()
        killed.start()
        for watcher in watchers:
            watcher.join(60)
            assert not watcher.is_alive()
    for events in (told, seen):
        numbers = [event.sequence for event in events]
        assert numbers == sorted(set(numbers))
        assert _states(events) == [1, 2, 1, 2, 3]
    assert not audit(engine.postgres_url, [name]).faults


def _watching(watch: object, events: list[JobEvent]) -> threading.Thread:
    thread = threading.Thread(target=lambda: events.extend(watch), daemon=True)  # type: ignore[call-overload]
    thread.start()
    return thread


def _states(events: list[JobEvent]) -> list[int]:
    """The states in the order they were told, progress within a state left out."""
    states = [(event.sequence >> 20, int(event.job.state)) for event in events]
    return [states[0][1], *(after[1] for before, after in pairwise(states) if after[0] != before[0])]
