"""Fixtures over the real database for tests of the job engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr
from working import Run, Working

from sightline.common.queue import Publisher
from sightline.common.settings import PostgresSettings, RedisSettings, WorkerSettings
from sightline.common.state.database import Database
from sightline.common.state.identifiers import uuid7
from sightline.common.state.jobs import Submission
from sightline.common.telemetry.metrics import Metrics
from sightline.common.worker import Handler, open_worker
from sightline.common.worker.backoff import Backoff


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    """A pool to a database of this test's own."""
    settings = PostgresSettings(url=SecretStr(postgres_url), pool_max=12, pool_wait_seconds=20)
    opened = Database(settings, Metrics(), "tests")
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def submission() -> Callable[..., Submission]:
    """Makes submissions that differ in what the test names."""

    def make(**changes: Any) -> Submission:
        defaults: dict[str, Any] = {
            "tenant": "acme",
            "job_id": uuid7(),
            "task_id": uuid7(),
            "kind": "detect_faces",
            "spec": b"spec",
            "media_id": None,
            "queue": "face",
            "priority": 5,
        }
        return Submission(**{**defaults, **changes})

    return make


@pytest.fixture
def request_id() -> UUID:
    """A request id that no other test uses."""
    return uuid7()


@pytest.fixture
async def publisher(redis_url: str) -> AsyncIterator[Publisher]:
    """Sends wake-ups."""
    made = Publisher(RedisSettings(url=SecretStr(redis_url)), Metrics())
    yield made
    await made.close()


@pytest.fixture
def spans() -> InMemorySpanExporter:
    """What the workers of the test have traced."""
    return InMemorySpanExporter()


@pytest.fixture
def run_worker(database: Database, redis_url: str, spans: InMemorySpanExporter) -> Run:
    """Runs a worker while the block runs, and drains it at the end."""

    @asynccontextmanager
    async def run(
        handler: Handler, drain_seconds: float = 5, redis_url: str = redis_url, **changes: float
    ) -> AsyncIterator[Working]:
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(spans))
        async with open_worker(
            "face",
            {"detect_faces": handler},
            settings=WorkerSettings(**{"heartbeat_seconds": 0.2, "lease_seconds": 2, "poll_seconds": 0.5, **changes}),
            redis=RedisSettings(url=SecretStr(redis_url), socket_timeout_seconds=2),
            database=database,
            metrics=Metrics(),
            tracing=provider,
            backoff=Backoff(0.05, 0.1),
        ) as worker:
            stop = asyncio.Event()
            running = asyncio.create_task(worker.run_until(stop, drain_seconds))
            try:
                yield Working(stop, running)
            finally:
                stop.set()
                await running

    return run
