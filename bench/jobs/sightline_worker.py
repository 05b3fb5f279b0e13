"""A real worker over `sightline.common.worker` whose handler does nothing on one of its threads, as real ones work."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pydantic_settings import SettingsConfigDict

from sightline.common.rpc import run, settle, stop_signal
from sightline.common.settings import (
    PostgresSettings,
    RedisSettings,
    ServiceSettings,
    TelemetrySettings,
    WorkerSettings,
    load,
)
from sightline.common.state.database import Database
from sightline.common.telemetry import Metrics, configure_logs, make_tracer_provider
from sightline.common.worker import Handler, Task, open_worker
from sightline.v1.face_pb2 import DetectFacesResult
from sightline.v1.job_pb2 import JobResult

QUEUE, KIND = "face", "detect_faces"


class Settings(ServiceSettings):
    """What a worker needs, and nothing of models."""

    model_config = SettingsConfigDict(env_prefix="BENCH_")

    postgres: PostgresSettings = PostgresSettings()
    redis: RedisSettings = RedisSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    worker: WorkerSettings = WorkerSettings()


def handler(threads: ThreadPoolExecutor) -> Handler:
    async def handle(_task: Task) -> Sequence[bytes]:
        return await asyncio.get_running_loop().run_in_executor(threads, _nothing)

    return handle


def _nothing() -> Sequence[bytes]:
    return [JobResult(detect_faces=DetectFacesResult()).SerializeToString()]


async def work(settings: Settings) -> None:
    metrics = Metrics()
    tracing = make_tracer_provider(settings.telemetry, "bench", "0")
    database = Database(settings.postgres, metrics, "bench")
    await database.open()
    with stop_signal() as stop, ThreadPoolExecutor(settings.worker.slots) as threads:
        async with open_worker(
            QUEUE,
            {KIND: handler(threads)},
            settings=settings.worker,
            redis=settings.redis,
            database=database,
            metrics=metrics,
            tracing=tracing,
        ) as worker:
            settle()
            await worker.run_until(stop, drain_seconds=5)
    await database.close()


if __name__ == "__main__":
    loaded = load(Settings)
    configure_logs(loaded.telemetry, "bench")
    run(work(loaded))
