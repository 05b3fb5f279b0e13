"""The object service: builds everything, answers calls and consumes its queue until it is told to stop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from importlib.metadata import version

import cv2
from opentelemetry.sdk.trace import TracerProvider

from sightline.common.blobs import open_blobs
from sightline.common.media.sources import PictureSource, VideoSource
from sightline.common.models import ModelStore
from sightline.common.rpc import RpcServer, admit_forwarded, run, stop_signal
from sightline.common.settings import load
from sightline.common.state.database import Database
from sightline.common.state.media import MediaFiles
from sightline.common.telemetry import Metrics, Readiness, TelemetryServer, configure_logs, make_tracer_provider
from sightline.common.worker import open_worker
from sightline.object.film import FilmAnalyzer
from sightline.object.loading import load_analyzer
from sightline.object.pipeline import ObjectPipeline
from sightline.object.servicer import ObjectServicer
from sightline.object.settings import ObjectSettings
from sightline.object.worker import QUEUE, ObjectTasks
from sightline.v1.object_service_pb2_grpc import add_ObjectServiceServicer_to_server

SERVICE = "object"
VERSION = version("sightline-object")


def main() -> None:
    """Run the service."""
    settings = load(ObjectSettings)
    configure_logs(settings.telemetry, SERVICE)
    # OpenCV would write a line of its own for every damaged picture, and start threads beside our sessions.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    cv2.setNumThreads(1)
    run(serve(settings))


async def serve(settings: ObjectSettings) -> None:
    """Build, run until SIGTERM, and take down in the opposite order."""
    with stop_signal() as stop:
        async with AsyncExitStack() as stack:
            metrics = Metrics()
            metrics.observe_process(SERVICE, VERSION)
            tracing = make_tracer_provider(settings.telemetry, SERVICE, VERSION)
            stack.callback(tracing.shutdown)
            database = Database(settings.postgres, metrics, SERVICE)
            await database.open()
            stack.push_async_callback(database.close)
            blobs = await open_blobs(settings.blobs, metrics)
            readiness = Readiness({"postgres": database.check, "blobs": blobs.check})
            telemetry = TelemetryServer(settings.telemetry, metrics, readiness)
            await telemetry.start()
            stack.push_async_callback(telemetry.stop)
            threads = stack.enter_context(ThreadPoolExecutor(settings.object.sessions, thread_name_prefix="analysis"))
            film_threads = stack.enter_context(ThreadPoolExecutor(settings.worker.slots, thread_name_prefix="films"))
            pipeline = ObjectPipeline(
                load_analyzer(ModelStore(settings.models), settings.object),
                FilmAnalyzer(settings.film, settings.media, threads, settings.object.sessions),
                settings.media,
                threads=threads,
                film_threads=film_threads,
                part_bytes=settings.film.result_bytes,
                metrics=metrics,
            )
            pictures = PictureSource(MediaFiles(database), blobs, settings.media)
            server = RpcServer(settings.rpc, metrics, tracing, readiness, admit=admit_forwarded)
            server.add(add_ObjectServiceServicer_to_server, ObjectServicer(pipeline, pictures))
            async with asyncio.TaskGroup() as group:
                group.create_task(server.run_until(stop))
                if settings.worker.enabled:
                    tasks = ObjectTasks(pipeline, pictures, VideoSource(blobs, settings.media))
                    group.create_task(
                        consume(settings, stop, tasks=tasks, database=database, metrics=metrics, tracing=tracing)
                    )


async def consume(
    settings: ObjectSettings,
    stop: asyncio.Event,
    *,
    tasks: ObjectTasks,
    database: Database,
    metrics: Metrics,
    tracing: TracerProvider,
) -> None:
    """Work on the queue until told to stop."""
    async with open_worker(
        QUEUE,
        tasks.handlers(),
        settings=settings.worker,
        redis=settings.redis,
        database=database,
        metrics=metrics,
        tracing=tracing,
    ) as worker:
        await worker.run_until(stop, settings.rpc.drain_seconds)


if __name__ == "__main__":
    main()
