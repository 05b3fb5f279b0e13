"""Opening a worker with all that it needs, and closing it again."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from opentelemetry.trace import TracerProvider

from sightline.common.queue import Bus, Consumer, Publisher
from sightline.common.settings import RedisSettings, WorkerSettings
from sightline.common.state.database import Database
from sightline.common.state.fingerprints import Fingerprints
from sightline.common.state.graphs import Graphs
from sightline.common.state.signals import Signals
from sightline.common.state.tasks import Tasks
from sightline.common.telemetry import Metrics
from sightline.common.worker.announcing import Announcing
from sightline.common.worker.backoff import Backoff
from sightline.common.worker.handler import Handler
from sightline.common.worker.runtime import Worker

_FINGERPRINT_BYTES = 32


@asynccontextmanager
async def open_worker(
    queue: str,
    handlers: Mapping[str, Handler],
    *,
    settings: WorkerSettings,
    redis: RedisSettings,
    database: Database,
    metrics: Metrics,
    tracing: TracerProvider,
    fingerprint: bytes | None = None,
    backoff: Backoff | None = None,
) -> AsyncIterator[Worker]:
    """Open a worker for one queue; what it opens is closed when the block ends.

    Args:
        handlers: by the kind of job, as in JobSpec.
        fingerprint: equal for workers whose results are the same: only those of equal ones are reused. If None, it is
            one that no other has.
        backoff: how long the next attempt at failed work waits; the default if None.
    """
    async with AsyncExitStack() as stack:
        consumer, publisher, bus = Consumer(redis, queue), Publisher(redis, metrics), Bus(redis)
        for part in (bus, publisher, consumer):
            stack.push_async_callback(part.close)
        made_with = fingerprint or secrets.token_bytes(_FINGERPRINT_BYTES)
        yield Worker(
            queue,
            handlers,
            name=f"{queue}-{socket.gethostname()}-{os.getpid()}",
            settings=settings,
            tasks=Tasks(database),
            graphs=Graphs(database),
            signals=Signals(database),
            consumer=consumer,
            publisher=publisher,
            bus=bus,
            announcing=Announcing(Fingerprints(database), queue, handlers, made_with),
            metrics=metrics,
            tracer=tracing.get_tracer("sightline.worker"),
            backoff=backoff or Backoff(),
        )
