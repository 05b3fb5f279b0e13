"""The no-op job of taskiq: a Redis stream, which acknowledges, and results in Redis."""

from __future__ import annotations

import os

from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

results = RedisAsyncResultBackend(os.environ["BENCH_RESULTS"])
broker = RedisStreamBroker(os.environ["BENCH_BROKER"]).with_result_backend(results)


def _nothing() -> str:
    return "ok"


nothing = broker.task(task_name="nothing")(_nothing)
