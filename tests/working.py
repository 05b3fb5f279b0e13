"""What tests of the task runtime share: jobs to give to a worker, handlers of one line, and waiting for the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from sightline.common.queue import Message, Publisher
from sightline.common.state.database import Database
from sightline.common.state.jobs import Job, Jobs, State, Submission
from sightline.common.worker import Handler, Task


@dataclass(frozen=True)
class Working:
    """A worker that works.

    Attributes:
        stop: drains it when it is set.
        running: ends with it.
    """

    stop: asyncio.Event
    running: asyncio.Task[None]


Make = Callable[..., Submission]
Run = Callable[..., AbstractAsyncContextManager[Working]]


async def submit(database: Database, publisher: Publisher, *asked: Submission) -> None:
    """Store jobs and send their wake-ups."""
    await Jobs(database).submit(asked)
    await publisher.publish("face", [Message(one.task_id, one.priority, one.trace_context) for one in asked])


async def ended(database: Database, job_id: UUID, seconds: float = 40) -> Job:
    """Wait until a job has ended."""
    async with asyncio.timeout(seconds):
        while not State((job := await Jobs(database).get("acme", job_id)).state).terminal:
            await asyncio.sleep(0.02)
    return job


async def lapse(database: Database) -> None:
    """Let every lease end, as if nobody had kept it."""
    async with database.connection() as connection:
        await connection.execute("UPDATE tasks SET lease_time = now() - interval '1 second' WHERE state = 2")


def returns(*payloads: bytes) -> Handler:
    """A handler that gives back what it is made with."""

    async def handle(_task: Task) -> Sequence[bytes]:
        return payloads

    return handle


def raises(error: Exception) -> Handler:
    """A handler that fails."""

    async def handle(_task: Task) -> Sequence[bytes]:
        raise error

    return handle
