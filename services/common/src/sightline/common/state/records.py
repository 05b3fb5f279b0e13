"""What is kept of the work on a job: its results, and the attempts at its tasks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Result:
    """One result of a job: its place and the serialised message."""

    ordinal: int
    payload: bytes
    create_time: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a task of a job that has ended."""

    job_id: UUID
    attempt: int
    worker: str
    start_time: datetime
    end_time: datetime
    outcome: str
