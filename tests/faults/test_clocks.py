"""Workers whose clocks are wrong: every time of a lease is PostgreSQL's."""

from __future__ import annotations

import re
import time
from pathlib import Path

from audit import SUCCEEDED, audit
from engine import LEASE_SECONDS, Engine

from sightline.common import state

SQL = Path(state.__file__).parent / "sql"
# What a client asks for may be a point in time, and so may what his timetable says; nothing else may.
ASKED_FOR = {"run_time", "deadline_time", "expire_time", "next_time", "fired_time", "start_time", "end_time"}
# Usage is booked in the hour of the gateway that counted it; no lease and no state hangs on it.
BOOKED = {"hour_times"}


def test_leases_hold_and_end_in_time_whatever_the_clocks_of_the_workers_say(engine: Engine) -> None:
    engine.gateway()
    ahead = engine.worker(TINY_SKEW_SECONDS="7200", TINY_SECONDS=str(LEASE_SECONDS * 1.5))
    with engine.client() as client:
        kept = engine.submit(client, 2)
        engine.until_begun(times=2)
        behind = engine.worker(TINY_SKEW_SECONDS="-7200")
        assert set(engine.until_ended(kept).values()) == {SUCCEEDED}
        # Nobody took them for lost, neither by the fast nor by the slow clock.
        assert not engine.rows("SELECT FROM task_attempts WHERE outcome = 'lease_lost'")
        behind.stop()
        (lost,) = engine.submit(client, 1)
        engine.until_begun(lost)
        behind.start()
        ahead.kill()
        killed = time.monotonic()
        assert engine.until_ended([lost]) == {lost: SUCCEEDED}
        assert time.monotonic() - killed < LEASE_SECONDS + 4
    assert not audit(engine.postgres_url, [*kept, lost]).faults


def test_no_statement_takes_the_time_from_who_runs_it() -> None:
    for file in SQL.glob("*.sql"):
        text = re.sub(r"--.*", "", file.read_text())
        given = set(re.findall(r"(?<!:):(\w*(?:time|stamp|date|_at))\b", text))
        given -= ASKED_FOR | BOOKED
        assert not given, f"{file.name} is told {given}"
        times = set(re.findall(r"(?<!:):(\w+)::timestamp", text))
        times -= ASKED_FOR | BOOKED
        assert not times, f"{file.name} is told {times}"
