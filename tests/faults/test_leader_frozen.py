"""SIGSTOP of the gateway that leads the housekeeping: its lock does not stop the house."""

from __future__ import annotations

import signal

from audit import SUCCEEDED, audit
from engine import LOOKS_NEVER, Engine, until

from sightline.common.state.upkeep import LEADER_LOCK

# Short terms, so that a leader that has come to a halt is missed in seconds.
SHORT = {"GATEWAY_HOUSEKEEPING__TERM_SECONDS": "1", "GATEWAY_HOUSEKEEPING__CONTEND_SECONDS": "0.2"}


def test_another_gateway_keeps_house_when_the_leader_comes_to_a_halt(engine: Engine) -> None:
    leader = engine.gateway(**SHORT)
    until(lambda: leader.metric("sightline_leads"), "the first gateway leads")
    other = engine.gateway(**SHORT)
    # While the lock is held, and not between two terms, where a halt would free it.
    until(lambda: _is_held(engine), "the leader holds its lock")
    leader.kill(signal.SIGSTOP)
    until(lambda: other.metric("sightline_leads"), "the other one leads", 20)
    with engine.client(other) as client:
        names = engine.submit(client, 5)
        engine.rows("UPDATE tasks SET publish_time = NULL RETURNING 1")
        engine.worker(**LOOKS_NEVER)
        assert set(engine.until_ended(names).values()) == {SUCCEEDED}
    leader.kill(signal.SIGCONT)
    assert not audit(engine.postgres_url, names).faults


def _is_held(engine: Engine) -> bool:
    return bool(engine.rows("SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted", LEADER_LOCK))
