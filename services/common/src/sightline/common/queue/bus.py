"""Tells those who watch a job that it has changed. A message that is lost is made good from the row."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from sightline.common.settings import RedisSettings

log = structlog.get_logger()

# One channel for all jobs: a group of changes is one message, and to watch one more job costs Redis nothing.
_CHANNEL = "sightline:changes"
# A change on the wire: the id of the job, its state, its transition and its progress; then its course: start and end in
# microseconds since 1970, attempts, results and shares. A course that is not known has no start.
_RECORD = struct.Struct("!16sBIdqqIII")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MILLION = 1_000_000
_PROGRESS_BITS = 20
# While Redis is away listeners look at the row this often.
_POLL_SECONDS = 1.0
# Who has nobody listening any more goes on hearing for this long: the next one is often near.
_LINGER_SECONDS = 30.0
# More than that is not kept for a Redis that does not answer; who listens looks at the rows then.
_UNTOLD_MAX = 10_000
_LAST_WORDS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Course:
    """What else of the row has changed with the state of a job that runs or has succeeded."""

    start_time: datetime
    end_time: datetime | None
    attempt_count: int
    result_count: int
    shares: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a job has become.

    Attributes:
        transition: how many states the job has been in, this one included.
        progress: 0 to 1.
        course: lets who watches do without the row; None where only the row says everything.
    """

    job_id: UUID
    state: int
    transition: int
    progress: float
    course: Course | None = None


def sequence(transition: int, progress: float) -> int:
    """Number a change: a pure function of the row, so that any gateway can go on where another stopped."""
    return (transition << _PROGRESS_BITS) + round(min(max(progress, 0.0), 1.0) * _MILLION)


class Listener:
    """Keeps the latest change only: what it skips over is in the row's history."""

    def __init__(self) -> None:
        self._latest: Change | None = None
        self._woken = asyncio.Event()

    def wake(self, change: Change | None) -> None:
        """Hand a change over; None means that something may have been missed."""
        self._latest = change
        self._woken.set()

    async def next(self) -> Change | None:
        """Wait for the next change; None: look at the row, something may have been missed."""
        await self._woken.wait()
        self._woken.clear()
        return self._latest


class Bus:
    """Publishes and hears changes over one connection each, however many jobs are watched."""

    def __init__(self, settings: RedisSettings) -> None:
        timeout = settings.socket_timeout_seconds
        self._redis = Redis.from_url(
            settings.url.get_secret_value(),
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            health_check_interval=int(timeout) or 1,
        )
        self._listeners: dict[bytes, set[Listener]] = {}
        self._reading: asyncio.Task[None] | None = None
        self._needed = 0.0
        self._untold: list[Change] = []
        self._telling: asyncio.Task[None] | None = None
        self.available = True

    async def close(self) -> None:
        """Say what is still to be said, stop hearing, and close the connections."""
        if self._telling is not None:
            await asyncio.wait({self._telling}, timeout=_LAST_WORDS_SECONDS)
        for task in (self._telling, self._reading):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await self._redis.aclose()

    async def tell(self, changes: Sequence[Change]) -> None:
        """Say what jobs have become, to whoever listens; waits for nobody and never fails: the rows say it too."""
        self._untold += changes[: _UNTOLD_MAX - len(self._untold)]
        if self._untold and (self._telling is None or self._telling.done()):
            self._telling = asyncio.create_task(self._tell(), name="tell")

    async def _tell(self) -> None:
        while self._untold:
            changes, self._untold = self._untold, []
            try:
                await self._redis.publish(_CHANNEL, b"".join(map(_packed, changes)))
            except (RedisError, OSError) as error:
                log.debug("bus_away", error=type(error).__name__)

    async def check(self) -> None:
        """Ask Redis for an answer; raises its error when there is none."""
        await self._redis.ping()

    @asynccontextmanager
    async def listen(self, job_id: UUID) -> AsyncIterator[Listener]:
        """Hear what becomes of a job for as long as the block runs."""
        listener = Listener()
        listeners = self._listeners.setdefault(job_id.bytes, set())
        listeners.add(listener)
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(), name="read the bus")
        try:
            yield listener
        finally:
            listeners.discard(listener)
            if not listeners and self._listeners.get(job_id.bytes) is listeners:
                del self._listeners[job_id.bytes]
                self._needed = time.monotonic()

    def _is_needed(self) -> bool:
        return bool(self._listeners) or time.monotonic() - self._needed < _LINGER_SECONDS

    async def _read(self) -> None:
        while self._is_needed():
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
                    await self._hear(pubsub)
            except (RedisError, OSError) as error:
                self._note(available=False, error=type(error).__name__)
                self._wake_all()
                await asyncio.sleep(_POLL_SECONDS)

    async def _hear(self, pubsub: PubSub) -> None:
        await pubsub.subscribe(_CHANNEL)
        # The answer: the subscription stands.
        await pubsub.parse_response()
        self._note(available=True)
        # Whatever happened before it stood was not heard.
        self._wake_all()
        while self._is_needed():
            message = await pubsub.get_message(timeout=_POLL_SECONDS)
            if message is not None:
                self._dispatch(message["data"])

    def _dispatch(self, data: bytes) -> None:
        # What has another length is not ours.
        for record in _RECORD.iter_unpack(data) if len(data) % _RECORD.size == 0 else ():
            if listeners := self._listeners.get(record[0]):
                change = _unpacked(record)
                for listener in listeners:
                    listener.wake(change)

    def _wake_all(self) -> None:
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.wake(None)

    def _note(self, *, available: bool, **fields: str) -> None:
        if available != self.available:
            self.available = available
            log.warning("bus_back" if available else "bus_away", **fields)


def _packed(change: Change) -> bytes:
    course = change.course
    known = (
        (_since(course.start_time), _since(course.end_time), course.attempt_count, course.result_count, course.shares)
        if course
        else (0, 0, 0, 0, 0)
    )
    return _RECORD.pack(change.job_id.bytes, change.state, change.transition, change.progress, *known)


def _unpacked(record: tuple[Any, ...]) -> Change:
    job, state, transition, progress, start, end, attempts, results, shares = record
    ended = _EPOCH + end * _MICROSECOND if end else None
    course = Course(_EPOCH + start * _MICROSECOND, ended, attempts, results, shares) if start else None
    return Change(UUID(bytes=job), state, transition, progress, course)


def _since(time: datetime | None) -> int:
    return (time - _EPOCH) // _MICROSECOND if time else 0
