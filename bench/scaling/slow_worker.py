"""A real worker whose handler waits, as one at a film does: what it costs is its heartbeat alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from bench.jobs.sightline_worker import KIND, QUEUE, Settings
from sightline.common.rpc import run, stop_signal
from sightline.common.settings import load
from sightline.common.state.database import Database
from sightline.common.telemetry import Metrics, configure_logs, make_tracer_provider
from sightline.common.worker import Task, open_worker
from sightline.v1.face_pb2 import DetectFacesResult
from sightline.v1.job_pb2 import JobResult


async def work(settings: Settings, task_seconds: float) -> None:
    """Run until SIGTERM."""
    metrics = Metrics()
    database = Database(settings.postgres, metrics, "slow")
    await database.open()

    result = [JobResult(detect_faces=DetectFacesResult()).SerializeToString()]

    async def handle(_task: Task) -> Sequence[bytes]:
        await asyncio.sleep(task_seconds)
        return result

    with stop_signal() as stop:
        async with open_worker(
            QUEUE,
            {KIND: handle},
            settings=settings.worker,
            redis=settings.redis,
            database=database,
            metrics=metrics,
            tracing=make_tracer_provider(settings.telemetry, "bench", "0"),
        ) as worker:
            await worker.run_until(stop, drain_seconds=1)
    await database.close()


if __name__ == "__main__":
    seconds = float(os.environ.pop("SLOW_SECONDS"))
    loaded = load(Settings)
    configure_logs(loaded.telemetry, "slow")
    run(work(loaded, seconds))
