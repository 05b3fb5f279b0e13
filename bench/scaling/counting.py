"""What the stores count themselves: commits and WAL of PostgreSQL, commands and memory of Redis, CPU of all."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg
import redis

from bench.jobs.cpu import cpu_seconds

TABLES = ("jobs", "tasks", "task_attempts", "results", "idempotency")
# A backend tells its statistics at most once a second, and at the latest when it has been idle for so long.
_SETTLE_SECONDS = 2.5


@dataclass(frozen=True)
class Reading:
    """Counters at one moment.

    Attributes:
        commits: of the database, ours not among them.
        wal_bytes: all WAL, with images of whole pages.
        commands: of Redis, by name.
        cpu: seconds by process.
        connections: to PostgreSQL by application.
    """

    seconds: float
    commits: int
    wal_bytes: int
    commands: Counter[str]
    redis_bytes: int
    redis_clients: int
    cpu: dict[str, float]
    connections: Counter[str]


class Counters:
    """Reads all counters; what it asks itself is not counted."""

    def __init__(self, postgres_url: str, redis_url: str) -> None:
        self._postgres = psycopg.connect(postgres_url, autocommit=True, application_name="counting")
        self._redis = redis.Redis.from_url(redis_url)
        self._asked = 0
        self._own_commands = Counter[str]()

    def close(self) -> None:
        """Close both connections."""
        self._postgres.close()
        self._redis.close()

    def one(self, sql: str) -> Any:
        """Ask for one value."""
        self._asked += 1
        row = self._postgres.execute(sql).fetchone()
        assert row is not None
        return row[0]

    def read(self, pids: dict[str, int]) -> Reading:
        """Wait until everything is told, and read."""
        time.sleep(_SETTLE_SECONDS)
        self.one("SELECT pg_stat_force_next_flush()")
        asked = self._asked
        commits = self.one("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        # The last one asked is not among them yet.
        own = asked
        self._asked += 1
        connections = self._postgres.execute(
            "SELECT application_name, count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' GROUP BY 1"
        ).fetchall()
        return Reading(
            seconds=time.monotonic(),
            commits=int(commits) - own,
            wal_bytes=int(self.one("SELECT wal_bytes FROM pg_stat_wal")),
            commands=self._commands(),
            redis_bytes=self._info("memory")["used_memory"],
            redis_clients=self._info("clients")["connected_clients"] - 1,
            cpu=cpu_seconds(pids),
            connections=Counter({str(name): int(count) for name, count in connections if name != "counting"}),
        )

    def _info(self, section: str) -> dict[str, Any]:
        found: Any = self._redis.info(section)
        return dict(found)

    def _commands(self) -> Counter[str]:
        stats = self._info("commandstats")
        found = Counter({name.removeprefix("cmdstat_"): int(one["calls"]) for name, one in stats.items()})
        for name in [one for one in found if one.startswith(("info", "client|", "hello", "config", "select"))]:
            del found[name]
        return found


@dataclass(frozen=True)
class Used:
    """What happened between two readings."""

    seconds: float
    commits: int
    wal_bytes: int
    commands: Counter[str]
    cpu: dict[str, float]

    @classmethod
    def between(cls, before: Reading, after: Reading) -> Used:
        """Take the difference."""
        return cls(
            seconds=after.seconds - before.seconds,
            commits=after.commits - before.commits,
            wal_bytes=after.wal_bytes - before.wal_bytes,
            commands=after.commands - before.commands,
            cpu={name: after.cpu[name] - before.cpu.get(name, 0.0) for name in after.cpu if name in before.cpu},
        )
