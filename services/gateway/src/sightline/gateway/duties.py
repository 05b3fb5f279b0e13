"""Duties: what the leading gateway does for all, each small and safe to do twice."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

import structlog

from sightline.common.errors import Reason, SightlineError
from sightline.common.queue import Bus, Change, Message, Publisher
from sightline.common.rpc import to_status
from sightline.common.state.jobs import State
from sightline.common.state.upkeep import Publishable, Upkeep
from sightline.common.telemetry import Metrics

log = structlog.get_logger()

# Never published, however long ago the task was stored.
_NEVER_SECONDS = 1e9
# Tenants of a queue whose latest turn is remembered; who is forgotten is served again as if for the first time.
_SERVED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that is done again and again.

    Attributes:
        name: as metrics and logs call it.
        interval_seconds: from the end of one run to the beginning of the next.
        run: does it once; returns whether there is more to do at once.
    """

    name: str
    interval_seconds: float
    run: Callable[[], Awaitable[bool]]


class Leases:
    """Takes tasks back from workers that went silent."""

    def __init__(self, upkeep: Upkeep, bus: Bus, metrics: Metrics, queues: Collection[str], count: int) -> None:
        self._upkeep = upkeep
        self._bus = bus
        self._metrics = metrics
        self._count = count
        for queue in queues:
            # Said to be 0 from the start: who sees a counter for the first time can't tell that it has grown.
            metrics.tasks_lost.labels(queue).inc(0)
            metrics.tasks_failed.labels(queue, Reason.ATTEMPTS_EXHAUSTED.value).inc(0)
        exhausted = SightlineError(Reason.ATTEMPTS_EXHAUSTED, "The worker of the last attempt went silent")
        self._error = to_status(exhausted).SerializeToString()

    async def end(self) -> bool:
        """End the leases that have run out, and tell those who watch."""
        taken = await self._upkeep.end_leases(self._error, self._count)
        for one in taken:
            self._metrics.tasks_lost.labels(one.queue).inc()
            if one.state == State.FAILED:
                self._metrics.tasks_failed.labels(one.queue, Reason.ATTEMPTS_EXHAUSTED.value).inc()
            log.warning("task_taken_back", task=str(one.task_id), job=str(one.job_id), state=one.state)
        told = [Change(one.job_id, one.state, one.transition, 0.0) for one in taken if one.transition is not None]
        await self._bus.tell(told)
        return len(taken) == self._count


class Deadlines:
    """Ends jobs that did not end in time."""

    def __init__(self, upkeep: Upkeep, bus: Bus, count: int) -> None:
        self._upkeep = upkeep
        self._bus = bus
        self._count = count
        late = SightlineError(Reason.DEADLINE_EXCEEDED, "The deadline of the job passed before it had ended")
        self._error = to_status(late).SerializeToString()

    async def end(self) -> bool:
        """End the jobs whose deadline has passed, and tell those who watch."""
        ended = await self._upkeep.end_overdue(self._error, self._count)
        await self._bus.tell([Change(one.job_id, one.state, one.transition, 0.0) for one in ended])
        return len(ended) == self._count


class Ageing:
    """Makes what has waited long more urgent, so that nothing starves behind a stream of urgent work."""

    def __init__(self, upkeep: Upkeep, step_seconds: float, count: int) -> None:
        self._upkeep = upkeep
        self._step_seconds = step_seconds
        self._count = count

    async def age(self) -> bool:
        """Raise priorities once; what was raised is published anew by the refill."""
        return await self._upkeep.age(step_seconds=self._step_seconds, count=self._count) == self._count


class Refill:
    """Keeps the window of each queue in Redis filled from PostgreSQL, and puts back what Redis lost."""

    def __init__(
        self, upkeep: Upkeep, publisher: Publisher, queues: Collection[str], *, window: int, lost_seconds: float
    ) -> None:
        """Prepare to fill.

        Args:
            upkeep: knows what waits.
            publisher: knows what lies in Redis.
            queues: those that are filled.
            window: how many messages of a queue lie in Redis at most.
            lost_seconds: how old a message is at least that counts as lost.
        """
        self._upkeep = upkeep
        self._publisher = publisher
        self._queues = sorted(queues)
        self._window = window
        self._lost_seconds = lost_seconds
        self._counted: dict[str, float] = {}
        self._served: defaultdict[str, dict[str, None]] = defaultdict(dict)

    async def fill(self) -> bool:
        """Fill every queue once; all that are empty cost one question together."""
        outcomes = [await self._fill(queue) for queue in await self._upkeep.queues_with_work(self._queues)]
        return any(outcomes)

    async def _fill(self, queue: str) -> bool:
        # The length is read first: what is claimed between the two looks makes fewer seem lost, never more.
        length = await self._publisher.length(queue)
        if length is None or length >= self._window:
            return False
        room = self._window - length
        lost = min(await self._lost(queue, length), room)
        found: list[Publishable] = []
        if lost > 0:
            found += await self._named(queue, older_seconds=self._lost_seconds, count=lost)
        if len(found) < room:
            found += await self._named(queue, older_seconds=_NEVER_SECONDS, count=room - len(found))
        # A window that was half empty may be so again before the next turn; to top it up at once is not worth its cost.
        return await self._publish(queue, found) and len(found) == room >= self._window / 2

    async def _named(self, queue: str, *, older_seconds: float, count: int) -> list[Publishable]:
        """Name what is to be published, and remember whose turn it was."""
        served = self._served[queue]
        found = await self._upkeep.publishable(queue, older_seconds=older_seconds, count=count, served=list(served))
        for one in found:
            served.pop(one.tenant, None)
            served[one.tenant] = None
        while len(served) > _SERVED_MAX:
            del served[next(iter(served))]
        return found

    async def _lost(self, queue: str, length: int) -> int:
        """Count the messages that were sent and are not there; all that waits is read for it, so not at every turn."""
        now = time.monotonic()
        if now - self._counted.get(queue, -math.inf) < self._lost_seconds / 2:
            return 0
        self._counted[queue] = now
        return await self._upkeep.published(queue, older_seconds=self._lost_seconds) - length

    async def _publish(self, queue: str, found: Sequence[Publishable]) -> bool:
        messages = [Message(one.task_id, one.priority, one.trace_context) for one in found]
        sent = await self._publisher.publish(queue, messages)
        if found:
            log.info("tasks_published", queue=queue, tasks=len(found), sent=sent)
        return sent
