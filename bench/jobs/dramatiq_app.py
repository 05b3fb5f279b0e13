"""The no-op job of Dramatiq, with its results in Redis."""

from __future__ import annotations

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

broker = RedisBroker(url=os.environ["BENCH_BROKER"])
broker.add_middleware(Results(backend=RedisBackend(url=os.environ["BENCH_RESULTS"])))
dramatiq.set_broker(broker)


def _nothing() -> str:
    return "ok"


nothing = dramatiq.actor(store_results=True, actor_name="nothing")(_nothing)
