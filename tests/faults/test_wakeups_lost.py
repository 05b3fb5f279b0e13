"""Messages that are gone although their tasks wait: their reader died between pop and claim."""

from __future__ import annotations

import time

from audit import SUCCEEDED, audit
from engine import LOOKS_NEVER, Engine, until


def test_what_was_popped_and_not_claimed_is_published_again_within_seconds(engine: Engine) -> None:
    gateway = engine.gateway()
    dying = engine.worker(TINY_DIES_AFTER_POP="true")
    with engine.client() as client:
        (name,) = engine.submit(client, 1)
        until(lambda: not dying.alive, "the worker dies with the message")
        lost = time.monotonic()
        # A worker that never looks at the rows by itself: it is housekeeping that finds the task.
        engine.worker(**LOOKS_NEVER)
        assert engine.until_ended([name], 15) == {name: SUCCEEDED}
        assert time.monotonic() - lost < 12
    account = audit(engine.postgres_url, [name])
    assert not account.faults
    assert account.attempts == {"succeeded": 1}
    assert gateway.metric("sightline_tasks_published_total", queue="face") == 2


def test_a_message_that_comes_twice_is_refused_by_the_claim(engine: Engine) -> None:
    # Every message counts as lost after a moment, while the only worker is busy: all are sent again.
    engine.gateway(GATEWAY_HOUSEKEEPING__LOST_SECONDS="0.1")
    worker = engine.worker()
    with engine.client() as client:
        names = engine.submit(client, 100, milliseconds=20)
        engine.rows("UPDATE tasks SET publish_time = NULL WHERE state = 1 RETURNING 1")
        engine.until_ended(names)
        until(lambda: worker.metric("sightline_tasks_refused_total", queue="face") > 0, "second messages are refused")
    account = audit(engine.postgres_url, names)
    assert not account.faults
    assert account.attempts == {"succeeded": 100}
