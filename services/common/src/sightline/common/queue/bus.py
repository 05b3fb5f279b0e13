"""Tells those who watch a job that it has changed. A message that is lost is made good from the row."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from sightline.common.settings import RedisSettings

log = structlog.get_logger()

_CHANNEL = "sightline:job:"
# A channel that exists only to keep the subscription open while nobody listens.
_IDLE = "sightline:idle"
_MILLION = 1_000_000
_PROGRESS_BITS = 20
# While Redis is away listeners look at the row this often.
_POLL_SECONDS = 1.0
_RECONNECT_SECONDS = 0.5
# More than that is not kept for a Redis that does not answer; who listens looks at the rows then.
_UNTOLD_MAX = 10_000
_LAST_WORDS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """What a job has become.

    Attributes:
        transition: how many states the job has been in, this one included.
        progress: 0 to 1.
    """

    job_id: UUID
    state: int
    transition: int
    progress: float


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
        self._listeners: dict[UUID, set[Listener]] = {}
        self._pubsub: PubSub | None = None
        self._reading: asyncio.Task[None] | None = None
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
                async with self._redis.pipeline(transaction=False) as pipeline:
                    for change in changes:
                        body = json.dumps([change.state, change.transition, change.progress])
                        pipeline.publish(f"{_CHANNEL}{change.job_id}", body)
                    await pipeline.execute()
            except (RedisError, OSError) as error:
                log.debug("bus_away", error=type(error).__name__)

    async def check(self) -> None:
        """Ask Redis for an answer; raises its error when there is none."""
        await self._redis.ping()

    @asynccontextmanager
    async def listen(self, job_id: UUID) -> AsyncIterator[Listener]:
        """Hear what becomes of a job for as long as the block runs."""
        self._reading = self._reading or asyncio.create_task(self._read())
        listener = Listener()
        listeners = self._listeners.setdefault(job_id, set())
        listeners.add(listener)
        await self._subscribe(job_id)
        try:
            yield listener
        finally:
            listeners.discard(listener)
            if not listeners and self._listeners.get(job_id) is listeners:
                del self._listeners[job_id]
                await self._unsubscribe(job_id)

    async def _subscribe(self, job_id: UUID) -> None:
        if self._pubsub is not None:
            # When this fails the reader connects again and subscribes to every watched job.
            with suppress(RedisError, OSError):
                await self._pubsub.subscribe(f"{_CHANNEL}{job_id}")

    async def _unsubscribe(self, job_id: UUID) -> None:
        if self._pubsub is not None:
            with suppress(RedisError, OSError):
                await self._pubsub.unsubscribe(f"{_CHANNEL}{job_id}")

    async def _read(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await self._hear(pubsub)
            except (RedisError, OSError) as error:
                self._note(available=False, error=type(error).__name__)
            finally:
                self._pubsub = None
            self._wake_all()
            await asyncio.sleep(_POLL_SECONDS if not self.available else _RECONNECT_SECONDS)

    async def _hear(self, pubsub: PubSub) -> None:
        await pubsub.subscribe(_IDLE, *(f"{_CHANNEL}{job_id}" for job_id in self._listeners))
        self._pubsub = pubsub
        self._note(available=True)
        # Whatever happened before the subscription stood was not heard.
        self._wake_all()
        while True:
            message = await pubsub.get_message(ignore_subscribe_messages=False, timeout=_POLL_SECONDS)
            if message is not None:
                self._dispatch(message)

    def _dispatch(self, message: dict[str, object]) -> None:
        channel = message["channel"]
        name = channel.decode() if isinstance(channel, bytes) else str(channel)
        if not name.startswith(_CHANNEL):
            return
        job_id = UUID(name.removeprefix(_CHANNEL))
        change = _change(job_id, message["data"]) if message["type"] == "message" else None
        # A subscription that now stands (type "subscribe") wakes too: the change may have come just before it.
        if change is not None or message["type"] == "subscribe":
            for listener in self._listeners.get(job_id, ()):
                listener.wake(change)

    def _wake_all(self) -> None:
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.wake(None)

    def _note(self, *, available: bool, **fields: str) -> None:
        if available != self.available:
            self.available = available
            log.warning("bus_back" if available else "bus_away", **fields)


def _change(job_id: UUID, data: object) -> Change | None:
    try:
        state, transition, progress = json.loads(data if isinstance(data, bytes | str) else b"")
        return Change(job_id, int(state), int(transition), float(progress))
    except (ValueError, TypeError):
        return None
