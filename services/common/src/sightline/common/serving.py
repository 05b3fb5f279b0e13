"""What every analysing service is built on: opened, served with the service's own parts, and closed in turn.

    def build(ground: Ground, settings: FaceSettings) -> Parts: ...
    serve("face", version("sightline-face"), load(FaceSettings), build)

A service's main.py is the one place that knows both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TypeVar

import cv2
from opentelemetry.sdk.trace import TracerProvider

from sightline.common.blobs import BlobStore, open_blobs
from sightline.common.models import fingerprint
from sightline.common.rpc import RpcServer, admit_forwarded, run, settle, stop_signal
from sightline.common.settings import AnalyserSettings
from sightline.common.state.database import Database
from sightline.common.state.media import MediaFiles
from sightline.common.telemetry import Metrics, Readiness, TelemetryServer, configure_logs, make_tracer_provider
from sightline.common.worker import Handler, open_worker

S = TypeVar("S", bound=AnalyserSettings)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a service stands on, opened.

    Attributes:
        database: the truth.
        blobs: the bytes.
        files: the rows of media.
        metrics: what is counted.
        tracing: where spans go.
        stack: what is opened on it is closed at the end, the last first.
    """

    database: Database
    blobs: BlobStore
    files: MediaFiles
    metrics: Metrics
    tracing: TracerProvider
    stack: AsyncExitStack

    def threads(self, count: int, name: str) -> ThreadPoolExecutor:
        """Open threads that end with the service."""
        return self.stack.enter_context(ThreadPoolExecutor(count, thread_name_prefix=name))


@dataclass(frozen=True, slots=True)
class Parts:
    """What is a service's own.

    Attributes:
        queue: the queue that it consumes.
        handlers: what does the work, by the kind of job as in JobSpec.
        add_methods: adds the methods of its gRPC service to the server.
    """

    queue: str
    handlers: Mapping[str, Handler]
    add_methods: Callable[[RpcServer], None]


def serve(name: str, version: str, settings: S, build: Callable[[Ground, S], Parts]) -> None:
    """Run a service until SIGTERM.

    Args:
        name: of the service, in logs, traces and metrics.
        version: of its package.
        settings: of the service.
        build: makes the service's own parts; it refuses to, where a model is missing.
    """
    configure_logs(settings.telemetry, name)
    # OpenCV would write a line of its own for every damaged picture, and start threads beside our sessions.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    cv2.setNumThreads(1)
    run(_serve(name, version, settings, build))


async def _serve(name: str, version: str, settings: S, build: Callable[[Ground, S], Parts]) -> None:
    """Open, build, run until told to stop, and take down in the opposite order."""
    with stop_signal() as stop:
        async with AsyncExitStack() as stack:
            metrics = Metrics()
            metrics.observe_process(name, version)
            tracing = make_tracer_provider(settings.telemetry, name, version)
            stack.callback(tracing.shutdown)
            database = Database(settings.postgres, metrics, name)
            await database.open()
            stack.push_async_callback(database.close)
            blobs = await open_blobs(settings.blobs, metrics)
            readiness = Readiness({"postgres": database.check, "blobs": blobs.check})
            telemetry = TelemetryServer(settings.telemetry, metrics, readiness)
            await telemetry.start()
            stack.push_async_callback(telemetry.stop)
            ground = Ground(database, blobs, MediaFiles(database), metrics, tracing, stack)
            parts = build(ground, settings)
            server = RpcServer(settings.rpc, metrics, tracing, readiness, admit=admit_forwarded)
            parts.add_methods(server)
            settle()
            async with asyncio.TaskGroup() as group:
                group.create_task(server.run_until(stop))
                if settings.worker.enabled:
                    group.create_task(_consume(parts, ground, settings, stop, fingerprint(name, version, settings)))


async def _consume(
    parts: Parts, ground: Ground, settings: AnalyserSettings, stop: asyncio.Event, made_with: bytes
) -> None:
    """Work on the queue until told to stop."""
    async with open_worker(
        parts.queue,
        parts.handlers,
        settings=settings.worker,
        redis=settings.redis,
        database=ground.database,
        metrics=ground.metrics,
        tracing=ground.tracing,
        fingerprint=made_with,
    ) as worker:
        await worker.run_until(stop, settings.rpc.drain_seconds)
