"""The long run in small: a thousand jobs and one blow of each kind. `make faults` runs the long one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from endurance import Endurance, Plan
from engine import Engine
from servers import Background, Server

SMALL = Plan(jobs=1000, seconds=20, worker_kills=3, redis_emptied=1, redis_away_seconds=3, gateway_kills=1)


def test_what_was_acknowledged_ends_once_whatever_dies(
    background: Background, own_postgres: Server, own_valkey: Server, migrate: Callable[[str], None], tmp_path: Path
) -> None:
    migrate(own_postgres.url)
    engine = Engine(background, own_postgres.url, own_valkey.url, tmp_path)
    try:
        report = Endurance(engine, own_postgres, own_valkey, SMALL).run()
    finally:
        engine.stop()
    assert not report.account.faults, "\n".join(report.lines())
    # A call that was repeated has stored its jobs once.
    assert report.acknowledged == report.account.ended.total() == 1000
    assert report.account.ended[3] == 1000
    assert set(report.costs) == {
        "PostgreSQL killed", "Redis emptied", "Redis stopped", "gateway killed", "worker killed",
    }  # fmt: skip
