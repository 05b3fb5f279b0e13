"""Submits to Celery; results in Redis are pushed to the caller, results in PostgreSQL are asked for."""

from __future__ import annotations

import os
from collections.abc import Callable

import psycopg
import redis

from bench.jobs.celery_app import nothing
from bench.jobs.drive_threads import serve

# Celery's own default of half a second between two questions to a database would be all that is measured; each
# question is a connection of its own, and more of them would be all that the machine does.
ASK_SECONDS = 0.05


class CeleryClient:
    """Celery, as its users call it."""

    def __init__(self, results: str) -> None:
        self.stored = _rows(results) if results.startswith("db+") else _keys(results)

    def submit(self) -> object:
        return nothing.delay()

    def submit_and_wait(self) -> object:
        return nothing.delay().get(timeout=30, interval=ASK_SECONDS)


def _keys(results: str) -> Callable[[], int]:
    client = redis.Redis.from_url(results)  # nothing but results is in this logical database
    return lambda: int(client.dbsize())


def _rows(results: str) -> Callable[[], int]:
    connection = psycopg.connect(results.removeprefix("db+"), autocommit=True)

    def count() -> int:
        if connection.execute("SELECT to_regclass('celery_taskmeta')").fetchone() == (None,):
            return 0  # the first result makes the table
        row = connection.execute("SELECT count(*) FROM celery_taskmeta WHERE status = 'SUCCESS'").fetchone()
        return int(row[0]) if row else 0

    return count


if __name__ == "__main__":
    serve(CeleryClient(os.environ["BENCH_RESULTS"]))
