"""The no-op job of Celery, as its first steps say, with the worker's chatter turned down by the command line."""

from __future__ import annotations

import os

from celery import Celery

app = Celery("bench", broker=os.environ["BENCH_BROKER"], backend=os.environ["BENCH_RESULTS"])


def _nothing() -> str:
    return "ok"


nothing = app.task(name="nothing")(_nothing)
