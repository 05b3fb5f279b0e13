"""The long run: thousands of tiny jobs while everything dies in turn, and the conservation check at the end."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from audit import Account, audit
from engine import Engine, Part
from servers import Background, Server, embedded_postgres, embedded_valkey

from sightline.client import Sightline, SightlineError
from sightline.common.state import schema
from sightline.v1.job_service_pb2 import CreateJobRequest

BATCH = 50
MILLISECONDS = 30
# Many workers die on purpose: no job may be given up for that.
MAX_ATTEMPTS = 50

_WINDOWS = """
WITH blows AS (
    SELECT name, struck, coalesce(lead(struck) OVER (ORDER BY struck), 'infinity') AS next
    FROM unnest(%s::text[], %s::timestamptz[]) AS b (name, struck)
)
SELECT name,
       (SELECT count(*) FROM task_attempts WHERE outcome <> 'succeeded' AND end_time >= struck AND end_time < next),
       extract(epoch FROM (SELECT min(end_time) FROM tasks WHERE state = 3 AND start_time >= struck) - struck)::float8,
       extract(epoch FROM (
           SELECT max(end_time - create_time) FROM jobs WHERE create_time < next AND end_time >= struck
       ))::float8
FROM blows
"""


@dataclass(frozen=True)
class Plan:
    """How much is done and how much dies.

    Attributes:
        jobs: how many are acknowledged.
        seconds: how long it takes to submit them; the faults are spread over this time.
        redis_away_seconds: how long Redis is down when it is stopped.
        others: how often each of the others happens.
    """

    jobs: int = 10_000
    seconds: float = 180.0
    worker_kills: int = 40
    redis_emptied: int = 2
    redis_stopped: int = 1
    redis_away_seconds: float = 10.0
    postgres_kills: int = 1
    gateway_kills: int = 2


@dataclass(frozen=True)
class Cost:
    """What the blows of one kind cost.

    Attributes:
        retries: attempts that did not succeed, until the next blow.
        pause_seconds: how long it took until a job that was begun after the blow had succeeded, at worst.
        delay_seconds: the longest that a job took which was there at the blow or came before the next one.
    """

    times: int
    retries: int
    pause_seconds: float
    delay_seconds: float


@dataclass(frozen=True)
class Report:
    """What the run did.

    Attributes:
        seconds: from the first submission to the last end.
        repeated_calls: submissions that had to be sent again, since nobody answered.
    """

    acknowledged: int
    seconds: float
    repeated_calls: int
    costs: dict[str, Cost]
    account: Account

    def lines(self) -> Iterator[str]:
        """The report as a table."""
        yield f"{'fault':<20}{'times':>6}{'retries':>9}{'pause s':>9}{'delay s':>9}"
        for name, cost in sorted(self.costs.items()):
            yield f"{name:<20}{cost.times:>6}{cost.retries:>9}{cost.pause_seconds:>9.1f}{cost.delay_seconds:>9.1f}"
        ended, attempts = self.account.ended, self.account.attempts
        yield f"{self.acknowledged} jobs acknowledged, {self.repeated_calls} calls repeated, {self.seconds:.0f} s"
        yield f"{ended[3]} succeeded + {ended[4]} failed + {ended[5]} cancelled = {ended.total()} ended"
        yield "attempts: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(attempts.items()))
        yield from self.account.faults or ["nothing is lost, stuck, or done twice"]


class Endurance:
    """Runs a plan."""

    def __init__(self, engine: Engine, postgres: Server, valkey: Server, plan: Plan) -> None:
        self._engine = engine
        self._postgres = postgres
        self._valkey = valkey
        self._plan = plan
        self._names: set[str] = set()
        self._repeated = 0
        self._struck: list[tuple[str, Any]] = []

    def run(self) -> Report:
        """Feed and kill at the same time, wait until all has ended, and count."""
        for _ in range(2):
            self._engine.gateway(GATEWAY_JOBS__MAX_ATTEMPTS=str(MAX_ATTEMPTS))
            self._engine.worker()
        began = time.monotonic()
        feeding = threading.Thread(target=self._feed, args=(began,), name="feed")
        feeding.start()
        self._strike(began)
        feeding.join()
        self._engine.until_ended(sorted(self._names), 150)
        seconds = time.monotonic() - began
        account = audit(self._engine.postgres_url, self._names)
        return Report(len(self._names), seconds, self._repeated, self._costs(), account)

    def _feed(self, began: float) -> None:
        first, other = self._engine.gateways
        batches = -(-self._plan.jobs // BATCH)
        with self._engine.client(first) as one, self._engine.client(other) as two:
            for number in range(batches):
                client = (one, two)[number % 2]
                self._insist(client, [self._engine.request(one, milliseconds=MILLISECONDS) for _ in range(BATCH)])
                time.sleep(max(began + (number + 1) * self._plan.seconds / batches - time.monotonic(), 0.0))

    def _insist(self, client: Sightline, requests: Sequence[CreateJobRequest]) -> None:
        """Ask until it is acknowledged; what was stored without an answer is not stored again, by its request ids."""
        while True:
            try:
                self._names.update(self._engine.ask(client, requests))
                return
            except SightlineError:
                self._repeated += 1
                time.sleep(0.2)

    def _strike(self, began: float) -> None:
        blows = self._blows()
        for number, (name, blow) in enumerate(blows):
            time.sleep(max(began + (number + 0.5) * self._plan.seconds / len(blows) - time.monotonic(), 0.0))
            self._struck.append((name, self._engine.rows("SELECT clock_timestamp()")[0][0]))
            blow()

    def _blows(self) -> list[tuple[str, Callable[[], None]]]:
        plan = self._plan
        blows = [
            *[("worker killed", self._kill_worker)] * plan.worker_kills,
            *[("Redis emptied", self._empty_redis)] * plan.redis_emptied,
            *[("Redis stopped", self._stop_redis)] * plan.redis_stopped,
            *[("PostgreSQL killed", self._kill_postgres)] * plan.postgres_kills,
            *[("gateway killed", self._kill_gateway)] * plan.gateway_kills,
        ]
        random.shuffle(blows)
        return blows

    def _kill_worker(self) -> None:
        _restart(random.choice(self._engine.workers))

    def _kill_gateway(self) -> None:
        _restart(random.choice(self._engine.gateways))

    def _empty_redis(self) -> None:
        with redis.Redis.from_url(self._valkey.url) as raw:
            raw.flushall()

    def _stop_redis(self) -> None:
        self._valkey.kill()
        time.sleep(self._plan.redis_away_seconds)
        self._valkey.start()

    def _kill_postgres(self) -> None:
        self._postgres.kill()
        self._postgres.start()

    def _costs(self) -> dict[str, Cost]:
        names, times = zip(*self._struck, strict=True)
        found: dict[str, list[tuple[int, float, float]]] = {}
        for name, retries, pause, delay in self._engine.rows(_WINDOWS, list(names), list(times)):
            found.setdefault(name, []).append((retries, pause or 0.0, delay or 0.0))
        return {
            name: Cost(len(rows), sum(r for r, _, _ in rows), max(p for _, p, _ in rows), max(d for _, _, d in rows))
            for name, rows in found.items()
        }


def _restart(part: Part) -> None:
    part.kill()
    part.start()


def main() -> int:
    """Run the long plan over servers of its own; the exit status says whether the promise held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=Plan.jobs)
    parser.add_argument("--seconds", type=float, default=Plan.seconds)
    options = parser.parse_args()
    background = Background()
    with tempfile.TemporaryDirectory(prefix="sightline-faults-") as name:
        folder = Path(name)
        postgres = embedded_postgres(background, folder / "postgres").start()
        valkey = embedded_valkey(background, folder / "valkey").start()
        schema.upgrade(postgres.url)
        engine = Engine(background, postgres.url, valkey.url, folder)
        try:
            report = Endurance(engine, postgres, valkey, Plan(jobs=options.jobs, seconds=options.seconds)).run()
        finally:
            engine.stop()
            valkey.stop()
            postgres.stop()
    background.close()
    sys.stdout.write("\n".join(report.lines()) + "\n")
    return 1 if report.account.faults or report.account.ended.total() != report.acknowledged else 0


if __name__ == "__main__":
    raise SystemExit(main())
