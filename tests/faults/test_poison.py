"""An errand that kills every process that tries it."""

from __future__ import annotations

from audit import FAILED, SUCCEEDED, audit
from engine import Engine, until

TRIES = 3


def test_a_job_that_kills_its_workers_ends_in_the_dead_letters_and_takes_no_other_with_it(engine: Engine) -> None:
    engine.gateway(GATEWAY_JOBS__MAX_ATTEMPTS=str(TRIES))
    for _ in range(2):
        engine.worker()
    with engine.client() as client:
        good = engine.submit(client, 20, milliseconds=50)
        (poison,) = engine.submit(client, 1, poison=True)
        good += engine.submit(client, 20, milliseconds=50)
        deaths = 0

        def revived_until_ended() -> bool:
            nonlocal deaths
            deaths += engine.revive()
            return all(state >= SUCCEEDED for state in engine.states([poison, *good]).values())

        until(revived_until_ended, "all end", 90)
        states = engine.states([poison, *good])
        assert states.pop(poison) == FAILED
        assert set(states.values()) == {SUCCEEDED}
        (letter,) = client.dead_letters.list()
        assert letter.job == poison
        assert letter.attempt_count == TRIES
        assert len(letter.attempts) == TRIES
    # Whoever was lost beside it is tried apart from other such tasks, it among them.
    losses = (
        "SELECT count(*) FROM task_attempts JOIN tasks USING (task_id)"
        " WHERE outcome = 'lease_lost' AND job_id <> %s GROUP BY task_id"
    )
    assert {count for (count,) in engine.rows(losses, poison.removeprefix("jobs/"))} <= {1}
    assert len(engine.begun(poison)) == TRIES
    assert TRIES - 1 <= deaths <= TRIES
    assert not audit(engine.postgres_url, [poison, *good]).faults
