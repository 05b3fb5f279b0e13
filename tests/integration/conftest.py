"""Fixtures over the real database for tests of the job engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from sightline.common.settings import PostgresSettings
from sightline.common.state.database import Database
from sightline.common.state.identifiers import uuid7
from sightline.common.state.jobs import Submission
from sightline.common.telemetry.metrics import Metrics


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
