"""Submits to Dramatiq and waits as its results backend does: by a blocking command."""

from __future__ import annotations

import os

import redis

from bench.jobs.dramatiq_app import nothing
from bench.jobs.drive_threads import serve


class DramatiqClient:
    """Dramatiq, as its users call it."""

    def __init__(self, results: str) -> None:
        self._redis = redis.Redis.from_url(results)  # nothing but results is in this logical database

    def submit(self) -> object:
        return nothing.send()

    def submit_and_wait(self) -> object:
        return nothing.send().get_result(block=True, timeout=30_000)

    def stored(self) -> int:
        return int(self._redis.dbsize())


if __name__ == "__main__":
    serve(DramatiqClient(os.environ["BENCH_RESULTS"]))
