"""Rows as the state reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from sightline.common.state.jobs import Job
from sightline.v1 import job_pb2

JOB_ID = UUID("0192f0c1-2a3b-7c4d-8e5f-60718293a4b5")
MEDIA_ID = UUID("0192f0c1-2a3b-7c4d-8e5f-60718293a4b6")
CREATED = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def a_row() -> Callable[..., Job]:
    """Makes rows of jobs."""
    return _row


def _row(**changes: Any) -> Job:
    """A job that waits, with what the test changes; what a test does not care for is None."""
    values: dict[str, Any] = {
        "tenant": "acme",
        "job_id": JOB_ID,
        "kind": "detect_faces",
        "spec": job_pb2.JobSpec(media=f"media/{MEDIA_ID}", detect_faces={}).SerializeToString(),
        "media_id": MEDIA_ID,
        "priority": 5,
        "labels": {},
        "state": 1,
        "history": [1],
        "progress": 0.0,
        "attempt_count": 0,
        "open_tasks": 1,
        "result_count": 0,
        "trace_context": "",
        "create_time": CREATED,
        "expire_time": CREATED,
    }
    unset = {one.name: None for one in fields(Job) if one.default is MISSING and one.default_factory is MISSING}
    return Job(**{**unset, **values, **changes})
