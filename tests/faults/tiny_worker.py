"""A worker process for tests: the real runtime over errands so small that thousands of jobs are cheap.

What an errand does is read from the options of its `detect_faces` job, so that it can be asked for through the
real gateway: `max_faces` is how many milliseconds it takes, `include_embeddings` kills the process, and
`min_score` 1 is refused for good, `min_score` 0.5 fails at the first try.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from uuid import UUID

from napping import nap
from opentelemetry.trace import NoOpTracerProvider
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from sightline.common.errors import MediaRejected, Reason, TemporarilyAway
from sightline.common.queue import Consumer
from sightline.common.rpc import run, stop_signal
from sightline.common.settings import (
    PostgresSettings,
    RedisSettings,
    ServiceSettings,
    TelemetrySettings,
    WorkerSettings,
    load,
)
from sightline.common.state.database import Database
from sightline.common.telemetry import Metrics, Readiness, TelemetryServer, configure_logs
from sightline.common.worker import Task, open_worker
from sightline.common.worker.backoff import Backoff
from sightline.common.worker.child import Nursery
from sightline.v1.face_pb2 import DetectFacesResult
from sightline.v1.geometry_pb2 import ImageSize
from sightline.v1.job_pb2 import JobResult, JobSpec

QUEUE = "face"
STEP_SECONDS = 0.05
POP = Consumer.pop


class TinySettings(ServiceSettings):
    """A worker of errands."""

    model_config = SettingsConfigDict(env_prefix="TINY_")

    postgres: PostgresSettings = PostgresSettings()
    redis: RedisSettings = RedisSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    worker: WorkerSettings = WorkerSettings()
    in_child: bool = Field(False, description="let a child process take the time of each errand")
    seconds: float = Field(0.0, description="how long each errand takes, beside what its job says")
    drain_seconds: float = Field(5.0, description="how long errands may finish after SIGTERM")
    skew_seconds: float = Field(0.0, description="how wrong the clock of this process is")
    dies_after_pop: bool = Field(False, description="end by SIGKILL between the first pop and its claim")


async def die_after_pop(self: Consumer, count: int, wait_seconds: float) -> list[UUID] | None:
    """Pop, and take what came into the grave."""
    popped = await POP(self, count, wait_seconds)
    if popped:
        say(f"popped {len(popped)}")
        os.kill(os.getpid(), signal.SIGKILL)
    return popped


def say(line: str) -> None:
    """Write a line at once, since the process may not live to flush it."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


class Errands:
    """The one handler."""

    def __init__(self, settings: TinySettings, nursery: Nursery) -> None:
        self._settings = settings
        self._nursery = nursery

    async def run(self, task: Task) -> Sequence[bytes]:
        """Do what the options of the job say; the result tells which attempt and which process did it."""
        claim = task.claim
        say(f"begun {claim.job_id} {claim.attempt}")
        options = JobSpec.FromString(claim.spec).detect_faces
        if options.include_embeddings:
            os.kill(os.getpid(), signal.SIGSEGV)
        if options.min_score == 1:
            raise MediaRejected(Reason.MEDIA_CORRUPT, "an errand that can't be done")
        if options.min_score == 0.5 and claim.tries == 1:
            raise TemporarilyAway(Reason.BLOBS_UNAVAILABLE, "an errand that can't be done now")
        await self._take_time(task, self._settings.seconds + options.max_faces / 1000)
        done = DetectFacesResult(image_size=ImageSize(width_px=claim.attempt, height_px=os.getpid()))
        return [JobResult(detect_faces=done).SerializeToString()]

    async def _take_time(self, task: Task, seconds: float) -> None:
        if self._settings.in_child:
            await self._nursery.run(nap, str(task.claim.job_id), seconds, task=task)
            return
        steps = round(seconds / STEP_SECONDS) or 1
        for step in range(steps):
            await asyncio.sleep(seconds / steps)
            task.advance((step + 1) / steps)


async def serve(settings: TinySettings) -> None:
    """Work until SIGTERM, built as the services are."""
    async with AsyncExitStack() as stack:
        stop = stack.enter_context(stop_signal())
        metrics = Metrics()
        database = Database(settings.postgres, metrics, "tiny")
        await database.open()
        stack.push_async_callback(database.close)
        telemetry = TelemetryServer(settings.telemetry, metrics, Readiness({"postgres": database.check}))
        await telemetry.start()
        stack.push_async_callback(telemetry.stop)
        nursery = await stack.enter_async_context(Nursery(preload=()))
        worker = await stack.enter_async_context(
            open_worker(
                QUEUE,
                {"detect_faces": Errands(settings, nursery).run},
                settings=settings.worker,
                redis=settings.redis,
                database=database,
                metrics=metrics,
                tracing=NoOpTracerProvider(),
                backoff=Backoff(first_seconds=0.2, max_seconds=1.0),
            )
        )
        await worker.run_until(stop, settings.drain_seconds)


def main() -> None:
    """Run the worker."""
    settings = load(TinySettings)
    right = time.time
    time.time = lambda: right() + settings.skew_seconds
    if settings.dies_after_pop:
        Consumer.pop = die_after_pop  # type: ignore[method-assign]
    configure_logs(settings.telemetry, "tiny")
    run(serve(settings))


if __name__ == "__main__":
    main()
