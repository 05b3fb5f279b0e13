"""The loop of a worker: pop, claim, run, write; and the drain that hands back what was not begun."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from uuid import UUID

import structlog
from opentelemetry.trace import Tracer

from sightline.common.errors import Reason, SightlineError
from sightline.common.queue import Bus, Consumer, Publisher
from sightline.common.settings import WorkerSettings
from sightline.common.state.graphs import Graphs, Step
from sightline.common.state.signals import Signals
from sightline.common.state.tasks import Claim, Failure, Held, Success, Tasks
from sightline.common.telemetry.metrics import Metrics
from sightline.common.worker import telling
from sightline.common.worker.announcing import Announcing
from sightline.common.worker.backoff import Backoff
from sightline.common.worker.execution import Execution
from sightline.common.worker.handler import Handler, Task
from sightline.common.worker.hygiene import Hygiene
from sightline.common.worker.leases import Leases
from sightline.common.worker.outcomes import Outcomes
from sightline.common.worker.pace import Pace
from sightline.common.worker.suspects import Suspects

log = structlog.get_logger()

_POP_SECONDS = 1.0
# The shortest time between two claims where brief tasks come in crowds; the fewer came, the shorter it is.
_CLAIM_SECONDS = 0.012
_CROWD = 8
# While Redis or PostgreSQL is away the loop goes round this often, unless PostgreSQL wakes it before.
_AWAY_SECONDS = 0.5
# While tasks wait to be tried one at a time it looks this often for others.
_BETWEEN_SECONDS = 0.1


class Worker:
    """Consumes one queue with the handlers of one service."""

    def __init__(
        self,
        queue: str,
        handlers: Mapping[str, Handler],
        *,
        name: str,
        settings: WorkerSettings,
        tasks: Tasks,
        graphs: Graphs,
        signals: Signals,
        consumer: Consumer,
        publisher: Publisher,
        bus: Bus,
        announcing: Announcing,
        metrics: Metrics,
        tracer: Tracer,
        backoff: Backoff,
    ) -> None:
        """Make a worker.

        Args:
            handlers: by the kind of job.
            name: who this worker is, in leases and attempts; unique to the process.
        """
        self._queue = queue
        self._name = name
        self._settings = settings
        self._tasks = tasks
        self._graphs = graphs
        self._signals = signals
        self._consumer = consumer
        self._bus = bus
        self._announcing = announcing
        self._metrics = metrics
        self._execution = Execution(handlers, backoff, metrics, tracer, queue)
        self._outcomes = Outcomes(tasks, graphs, bus, publisher, signals, more_soon=self._more_soon)
        self._leases = Leases(tasks, bus, settings, metrics, queue)
        self._suspects = Suspects(queue, name, tasks, settings)
        self._pace = Pace(settings.slots, settings.claim_ahead_max)
        self._waiting: deque[Task] = deque()
        self._running: dict[Task, asyncio.Task[None]] = {}
        self._settling: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()
        self._looked = 0.0
        self._claimed, self._latest = 0.0, 0
        self._ended = 0
        self._draining = False

    async def run_until(self, stop: asyncio.Event, drain_seconds: float) -> None:
        """Work until `stop` is set, then drain.

        Args:
            stop: set from outside, or from here when the process should make room for a fresh one.
            drain_seconds: how long what has begun may take to end; after it, it is given up to be tried again.

        Raises:
            Exception: whatever ended a loop that must not end: a worker that only seems to work is worse than none.
        """
        hygiene = Hygiene(self._settings)
        consuming = asyncio.create_task(self._consume(stop))
        loops = [
            consuming,
            asyncio.create_task(self._leases.keep()),
            asyncio.create_task(self._announcing.keep()),
            asyncio.create_task(hygiene.watch(lambda: self._ended, stop)),
        ]
        try:
            fault = await _fault_of(stop, [*loops, self._outcomes.start()])
            stop.set()
            await self._drain(consuming, drain_seconds)
            if fault is not None:
                raise fault
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.wait(loops)
            await self._outcomes.stop()

    async def _consume(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            room = self._pace.room(len(self._waiting) + len(self._running))
            if room == 0:
                self._freed.clear()
                await self._freed.wait()
                continue
            try:
                await self._gather()
                if suspects := await self._suspects.claim():
                    await self._begin(suspects)
                    continue
                wanted = await self._wanted(room)
                if wanted and not stop.is_set():
                    await self._take(wanted)
            except SightlineError as error:
                # What was popped and not claimed still waits in its row, and is published again.
                log.warning("claim_failed", reason=error.reason.value)
                await asyncio.sleep(_AWAY_SECONDS)

    async def _gather(self) -> None:
        # Brief tasks that come one behind the other are claimed together; one that comes alone does not wait.
        pause = _CLAIM_SECONDS * min(self._latest / _CROWD, 1.0) - (time.monotonic() - self._claimed)
        if pause > 0 and self._pace.brief:
            await asyncio.sleep(pause)

    def _more_soon(self) -> bool:
        return bool(self._running) and self._pace.brief

    async def _wanted(self, room: int) -> Sequence[UUID]:
        popped = await self._consumer.pop(room, 0 if self._suspects.waiting else _POP_SECONDS)
        if popped:
            return popped
        if popped is not None and time.monotonic() - self._looked < self._settings.poll_seconds:
            if self._suspects.waiting:
                await self._pause(_BETWEEN_SECONDS)
            return ()
        # Redis is away, or it is time to look for tasks whose message got lost: the rows are the queue.
        self._looked = time.monotonic()
        found = await self._tasks.waiting(self._queue, room)
        if popped is None and not found:
            waiting = self._suspects.waiting
            await (self._pause(_AWAY_SECONDS) if waiting else self._signals.wait(self._queue, _AWAY_SECONDS))
            found = await self._tasks.waiting(self._queue, room)
        self._suspects.look()
        return found

    async def _pause(self, seconds: float) -> None:
        # The next of those that are tried one at a time begins when the one before has ended, not at the next message.
        self._freed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._freed.wait()

    async def _take(self, task_ids: Sequence[UUID]) -> None:
        claims = await self._tasks.claim(task_ids, self._name, self._settings.lease_seconds)
        self._claimed, self._latest = time.monotonic(), len(task_ids)
        self._metrics.tasks_refused.labels(self._queue).inc(len(task_ids) - len(claims))
        if len(claims) < len(task_ids):
            self._suspects.look()
        await self._begin(claims)

    async def _begin(self, claims: Sequence[Claim]) -> None:
        self._metrics.tasks_claimed.labels(self._queue).inc(len(claims))
        for claim in claims:
            task = Task(claim, self._graphs)
            self._waiting.append(task)
            self._leases.hold(task, self._lose)
        self._fill()
        await self._bus.tell([telling.begun(claim) for claim in claims])

    def _fill(self) -> None:
        while self._waiting and len(self._running) < self._settings.slots and not self._draining:
            task = self._waiting.popleft()
            self._running[task] = asyncio.create_task(self._run(task))
        self._metrics.tasks_in_flight.labels(self._queue).set(len(self._running))

    async def _run(self, task: Task) -> None:
        began = time.perf_counter()
        try:
            outcome = await self._execution.run(task)
            self._pace.took(time.perf_counter() - began)
        except asyncio.CancelledError:
            if task.abandoned:
                return
            outcome = self._execution.failure(task, SightlineError(Reason.DRAINING, "the worker was shut down"))
        finally:
            self._running.pop(task, None)
            self._fill()
            self._freed.set()
        task.ended = True
        # The slot is free already: the next task runs while this outcome is on its way to its row. Of those that
        # are tried one at a time the next waits for that: with a single slot the other tasks have their turns between.
        settling = asyncio.create_task(self._settle(task, outcome))
        self._settling.add(settling)
        settling.add_done_callback(self._settling.discard)

    async def _settle(self, task: Task, outcome: Success | Failure | Step) -> None:
        accepted = await self._outcomes.put(outcome)
        self._leases.let_go(task)
        self._suspects.passed(task)
        self._freed.set()
        self._ended += 1
        if not accepted:
            log.info("outcome_refused", task=str(task.claim.task_id), attempt=task.claim.attempt)
        elif isinstance(outcome, Success | Step):
            self._metrics.tasks_completed.labels(self._queue).inc()

    def _lose(self, task: Task) -> None:
        if (running := self._running.get(task)) is not None:
            running.cancel()
        with suppress(ValueError):
            self._waiting.remove(task)
        self._suspects.passed(task)
        self._freed.set()

    async def _drain(self, consuming: asyncio.Task[None], drain_seconds: float) -> None:
        log.info("worker_draining", running=len(self._running), handing_back=len(self._waiting))
        self._draining = True
        self._freed.set()
        deadline = asyncio.get_running_loop().time() + drain_seconds
        await self._hand_back()
        # A claim that is under way comes in yet; nothing of it is begun, and it is handed back as well.
        await asyncio.wait({consuming}, timeout=drain_seconds)
        await self._hand_back()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                while self._running:
                    await asyncio.wait(self._running.values())
        for running in list(self._running.values()):
            running.cancel()
        while self._running:
            await asyncio.wait(self._running.values())
        # What is done is written, unless the database stays away: then the lease ends and another attempt follows.
        if self._settling:
            await asyncio.wait(self._settling, timeout=max(deadline - asyncio.get_running_loop().time(), 1.0))

    async def _hand_back(self) -> None:
        unbegun, self._waiting = list(self._waiting), deque()
        if not unbegun:
            return
        for task in unbegun:
            self._leases.let_go(task)
        try:
            await self._tasks.release([Held(task.claim.task_id, task.claim.claim_id) for task in unbegun])
        except SightlineError as error:
            log.warning("not_handed_back", reason=error.reason.value, count=len(unbegun))


async def _fault_of(stop: asyncio.Event, loops: Sequence[asyncio.Task[None]]) -> BaseException | None:
    """Wait until `stop` is set, or a loop fails; returns its fault."""
    stopped = asyncio.create_task(stop.wait())
    try:
        ended, _ = await asyncio.wait({stopped, *loops}, return_when=asyncio.FIRST_COMPLETED)
        return next((fault for one in ended if (fault := one.exception()) is not None), None)
    finally:
        stopped.cancel()
