"""Writes what came of tasks, in groups: while one write is under way the next group gathers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import structlog

from sightline.common.errors import Reason, SightlineError, TemporarilyAway
from sightline.common.queue import Bus, Change, Message, Publisher
from sightline.common.rpc import to_status
from sightline.common.state.graphs import Graphs, Ready, Step
from sightline.common.state.signals import Signals
from sightline.common.state.tasks import Ended, Failure, Success, Tasks
from sightline.common.worker import telling

log = structlog.get_logger()
T = TypeVar("T")

_RETRY_SECONDS = 0.5
_GATHER_SECONDS = 0.002
_GATHER_MAX_SECONDS = 0.010
# Bounds the size of one statement, and of what waits in memory while the database is away.
_GROUP = 256
_GROUP_BYTES = 32 * 2**20


@dataclass(slots=True)
class _Written:
    """What the writes of one group did."""

    accepted: set[UUID] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    ready: list[Ready] = field(default_factory=list)

    def add(self, other: _Written) -> None:
        """Take over what another group did."""
        self.accepted |= other.accepted
        self.changes += other.changes
        self.ready += other.ready


class Outcomes:
    """The way from a handler's end to the row. Alone nothing waits; under load groups form by themselves."""

    def __init__(
        self,
        tasks: Tasks,
        graphs: Graphs,
        bus: Bus,
        publisher: Publisher,
        signals: Signals,
        *,
        more_soon: Callable[[], bool],
    ) -> None:
        """Prepare to write.

        Args:
            signals: wakes the workers of what became ready while Redis is away.
            more_soon: whether other outcomes are a moment away, so that it pays to wait for them.
        """
        self._tasks = tasks
        self._graphs = graphs
        self._bus = bus
        self._publisher = publisher
        self._signals = signals
        self._more_soon = more_soon
        self._waiting: list[tuple[Success | Failure | Step, asyncio.Future[bool]]] = []
        self._wanted = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    def start(self) -> asyncio.Task[None]:
        """Begin to write; the task that is returned ends only when it is stopped, or fails."""
        self._writing = asyncio.create_task(self._write_all())
        return self._writing

    async def stop(self) -> None:
        """Stop; call it when nothing waits any more."""
        if self._writing:
            self._writing.cancel()
            await asyncio.wait({self._writing})

    async def put(self, outcome: Success | Failure | Step) -> bool:
        """Write an outcome, however long the database is away.

        Returns:
            Whether it was accepted; not, when the task is no longer this worker's.
        """
        accepted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((outcome, accepted))
        self._wanted.set()
        return await accepted

    async def _write_all(self) -> None:
        while True:
            await self._wanted.wait()
            latest = time.monotonic() + _GATHER_MAX_SECONDS
            while self._more_soon() and time.monotonic() < latest:  # noqa: ASYNC110 - those who run come and go
                await asyncio.sleep(_GATHER_SECONDS)
            count = _fitting([outcome for outcome, _ in self._waiting[:_GROUP]])
            group, self._waiting = self._waiting[:count], self._waiting[count:]
            if not self._waiting:
                self._wanted.clear()
            await self._write(group)

    async def _write(self, group: Sequence[tuple[Success | Failure | Step, asyncio.Future[bool]]]) -> None:
        # One that woke up past its lease may have been given its own task again: only the later claim can count.
        latest = {outcome.task_id: outcome for outcome, _ in group}
        written = await self._store_or_fail(list(latest.values()))
        for outcome, future in group:
            if not future.done():
                future.set_result(outcome is latest[outcome.task_id] and outcome.task_id in written.accepted)
        await self._bus.tell(written.changes)
        for queue in {one.queue for one in written.ready}:
            messages = [Message(one.task_id, one.priority) for one in written.ready if one.queue == queue]
            if not await self._publisher.publish(queue, messages):
                with suppress(TemporarilyAway):  # they are found in their rows
                    await self._signals.notify(queue)

    async def _store_or_fail(self, outcomes: Sequence[Success | Failure | Step]) -> _Written:
        """Write a group; what PostgreSQL will never take is not tried for ever, nor may it hold up the others."""
        try:
            return await self._store(outcomes)
        except Exception as error:
            log.exception("outcomes_refused", count=len(outcomes), error=type(error).__name__)
        written = _Written()
        for outcome in outcomes:
            written.add(await self._store_alone(outcome))
        return written

    async def _store_alone(self, outcome: Success | Failure | Step) -> _Written:
        for one in (outcome, _unstorable(outcome)):
            try:
                return await self._store([one])
            except Exception as error:
                log.exception("outcome_refused_by_database", task=str(one.task_id), error=type(error).__name__)
        # Nothing can be said of it: its lease ends, and the attempt counts.
        return _Written()

    async def _store(self, outcomes: Sequence[Success | Failure | Step]) -> _Written:
        written, ended = _Written(), list[Ended]()
        if successes := [one for one in outcomes if isinstance(one, Success)]:
            ended += await _insist(lambda: self._tasks.complete(successes))
        if failures := [one for one in outcomes if isinstance(one, Failure)]:
            ended += await _insist(lambda: self._tasks.fail(failures))
        written.accepted = {one.task_id for one in ended}
        written.changes = [telling.ended(one) for one in ended if one.transition is not None]
        for step in (one for one in outcomes if isinstance(one, Step)):
            await self._store_step(step, written)
        return written

    async def _store_step(self, step: Step, written: _Written) -> None:
        stepped = await _insist(lambda: self._graphs.step(step))
        if stepped is None:
            return
        job = stepped.standing
        written.accepted.add(step.task_id)
        written.changes.append(Change(job.job_id, job.state, job.transition, job.progress))
        written.ready += stepped.ready


async def _insist(write: Callable[[], Awaitable[T]]) -> T:
    # A write that was committed although its answer was lost changes nothing the second time: it is fenced.
    while True:
        try:
            return await write()
        except TemporarilyAway as error:
            log.warning("outcome_not_stored", reason=error.reason)
        await asyncio.sleep(_RETRY_SECONDS)


def _fitting(outcomes: Sequence[Success | Failure | Step]) -> int:
    """Count how many from the first on fit into one statement; one at least."""
    size = 0
    for count, outcome in enumerate(outcomes):
        size += sum(map(len, getattr(outcome, "payloads", ())))
        if count and size > _GROUP_BYTES:
            return count
    return len(outcomes)


def _unstorable(outcome: Success | Failure | Step) -> Failure:
    fault = SightlineError(Reason.INTERNAL, "what the work gave could not be stored; the log of the worker says why")
    status = to_status(fault).SerializeToString()
    return Failure(outcome.task_id, outcome.claim_id, retryable=False, delay_seconds=0.0, error=status)
