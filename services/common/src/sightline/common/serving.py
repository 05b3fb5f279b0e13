"""What every analysing service is built on: opened, served with the service's own parts, and closed in turn.

    def build(ground: Ground, settings: FaceSettings) -> Parts[FaceServicer]: ...
    serve("face", load(FaceSettings), build)

A service's main.py is the one place that knows both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Generic, TypeVar

import cv2
from opentelemetry.sdk.trace import TracerProvider

from sightline.common.blobs import BlobStore, open_blobs
from sightline.common.media.sources import PictureSource, VideoSource
from sightline.common.models import ModelStore, fingerprint
from sightline.common.rpc import RpcServer, admit_forwarded, run, settle, stop_signal
from sightline.common.settings import AnalyserSettings, ChildLimits
from sightline.common.state.database import Database
from sightline.common.state.media import MediaFiles
from sightline.common.telemetry import Metrics, Readiness, TelemetryServer, configure_logs, make_tracer_provider
from sightline.common.worker import Handler, open_worker
from sightline.common.worker.child.nursery import PRELOADED, Nursery

S = TypeVar("S", bound=AnalyserSettings)
Servicer = TypeVar("Servicer")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a service stands on, opened.

    Attributes:
        database: the truth.
        blobs: the bytes.
        files: the rows of media.
        pictures: where encoded pictures come from.
        films: where films and recordings come from.
        models: the models of this machine.
        metrics: what is counted.
        tracing: where spans go.
        stack: what is opened on it is closed at the end, the last first.
    """

    database: Database
    blobs: BlobStore
    files: MediaFiles
    pictures: PictureSource
    films: VideoSource
    models: ModelStore
    metrics: Metrics
    tracing: TracerProvider
    stack: AsyncExitStack

    def threads(self, count: int, name: str) -> ThreadPoolExecutor:
        """Open threads that end with the service."""
        return self.stack.enter_context(ThreadPoolExecutor(count, thread_name_prefix=name))

    def nursery(self, limits: ChildLimits, preload: Sequence[str] = PRELOADED) -> Nursery:
        """Open what children come from; it ends with the service.

        Args:
            limits: what each may take.
            preload: modules that are loaded once for all of them.
        """
        nursery = Nursery(limits, preload=preload)
        self.stack.callback(nursery.close)
        return nursery


@dataclass(frozen=True, slots=True)
class Parts(Generic[Servicer]):
    """What is a service's own.

    Attributes:
        queue: the queue that it consumes.
        handlers: what does the work, by the kind of job as in JobSpec.
        register: the function that the generated code has for its gRPC service.
        servicer: what implements the methods of that.
    """

    queue: str
    handlers: Mapping[str, Handler]
    register: Callable[[Servicer, Any], None]
    servicer: Servicer


def serve(name: str, settings: S, build: Callable[[Ground, S], Parts[Any]]) -> None:
    """Run a service until SIGTERM.

    Args:
        name: of the service, in logs, traces and metrics; its package is `sightline-` and this.
        settings: of the service.
        build: makes the service's own parts; it refuses to, where a model is missing.
    """
    configure_logs(settings.telemetry, name)
    # OpenCV would write a line of its own for every damaged picture, and start threads beside our sessions.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    cv2.setNumThreads(1)
    run(_serve(name, version(f"sightline-{name}"), settings, build))


async def _serve(name: str, release: str, settings: S, build: Callable[[Ground, S], Parts[Any]]) -> None:
    """Open, build, run until told to stop, and take down in the opposite order."""
    with stop_signal() as stop:
        async with AsyncExitStack() as stack:
            ground = await _open(name, release, settings, stack)
            readiness = Readiness({"postgres": ground.database.check, "blobs": ground.blobs.check})
            telemetry = TelemetryServer(settings.telemetry, ground.metrics, readiness)
            await telemetry.start()
            stack.push_async_callback(telemetry.stop)
            parts = build(ground, settings)
            server = RpcServer(settings.rpc, ground.metrics, ground.tracing, readiness, admit=admit_forwarded)
            server.add(parts.register, parts.servicer)
            settle()
            async with asyncio.TaskGroup() as group:
                group.create_task(server.run_until(stop))
                if settings.worker.enabled:
                    group.create_task(_consume(parts, ground, settings, stop, fingerprint(name, release, settings)))


async def _open(name: str, release: str, settings: AnalyserSettings, stack: AsyncExitStack) -> Ground:
    """Open what the service stands on."""
    metrics = Metrics()
    metrics.observe_process(name, release)
    tracing = make_tracer_provider(settings.telemetry, name, release)
    stack.callback(tracing.shutdown)
    database = Database(settings.postgres, metrics, name)
    await database.open()
    stack.push_async_callback(database.close)
    blobs = await open_blobs(settings.blobs, metrics)
    files = MediaFiles(database)
    return Ground(
        database=database,
        blobs=blobs,
        files=files,
        pictures=PictureSource(files, blobs, settings.media),
        films=VideoSource(blobs, settings.media),
        models=ModelStore(settings.models),
        metrics=metrics,
        tracing=tracing,
        stack=stack,
    )


async def _consume(
    parts: Parts[Any], ground: Ground, settings: AnalyserSettings, stop: asyncio.Event, made_with: bytes
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
