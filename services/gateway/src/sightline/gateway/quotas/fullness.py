"""Fullness: a queue that is full refuses, with an estimate of when it has room again."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from sightline.common.errors import QuotaExceeded, Reason
from sightline.common.state.jobs import Submission
from sightline.common.state.usage import Usage

_FRESH_SECONDS = 1.0
# How much the latest second says about the rate, against all those before it.
_WEIGHT = 0.3
_SHORTEST_SECONDS, _LONGEST_SECONDS, _UNKNOWN_SECONDS = 1.0, 300.0, 30.0


class Fullness:
    """Knows how much waits: what the database said a second ago at most, and what came in here since."""

    def __init__(self, usage: Usage, *, per_queue: int | None, per_tenant: int | None) -> None:
        """Prepare to refuse.

        Args:
            usage: counts what waits.
            per_queue: tasks that may wait in a queue; None for any number.
            per_tenant: those of one tenant among them.
        """
        self._usage = usage
        self._per_queue = per_queue
        self._per_tenant = per_tenant
        self._lock = asyncio.Lock()
        self._read_at = float("-inf")
        self._waiting: Counter[tuple[str, str]] = Counter()
        self._rates: dict[str, float] = {}

    @property
    def bounded(self) -> bool:
        """Whether anything is ever refused."""
        return self._per_queue is not None or self._per_tenant is not None

    async def refresh(self) -> None:
        """Look at the database, if the last look is a second ago."""
        async with self._lock:
            if time.monotonic() - self._read_at > _FRESH_SECONDS:
                await self._read()

    def add(self, submission: Submission) -> QuotaExceeded | None:
        """Count a submission in, or give the error that refuses it."""
        queue, tenant = submission.queue, submission.tenant
        in_queue = sum(count for (name, _), count in self._waiting.items() if name == queue)
        error = self._full(f"queue:{queue}", queue, in_queue, self._per_queue) or self._full(
            f"tenant:{tenant}/queue:{queue}", queue, self._waiting[queue, tenant], self._per_tenant
        )
        if error is None:
            self._waiting[queue, tenant] += 1
        return error

    def _full(self, subject: str, queue: str, waiting: int, most: int | None) -> QuotaExceeded | None:
        if most is None or waiting < most:
            return None
        return QuotaExceeded(
            f"{waiting} tasks wait, and at most {most} may",
            subject=subject,
            retry_after_seconds=self._seconds_until(queue, waiting - most + 1),
            reason=Reason.QUEUE_FULL,
        )

    def _seconds_until(self, queue: str, gone: int) -> float:
        rate = self._rates.get(queue, 0.0)
        seconds = gone / rate if rate > 0 else _UNKNOWN_SECONDS
        return min(max(seconds, _SHORTEST_SECONDS), _LONGEST_SECONDS)

    async def _read(self) -> None:
        before, began = dict(self._waiting), time.monotonic()
        found = Counter({(one.queue, one.tenant): one.waiting for one in await self._usage.waiting_by_tenant()})
        # What was counted in while the database was asked may not be among the rows yet.
        meanwhile = Counter({place: count - before.get(place, 0) for place, count in self._waiting.items()})
        self._measure(Counter(before), found, began - self._read_at)
        self._waiting, self._read_at = found + meanwhile, began

    def _measure(self, before: Counter[tuple[str, str]], found: Counter[tuple[str, str]], seconds: float) -> None:
        """Learn how fast queues get shorter; what other gateways took in makes them look slower, never faster."""
        for queue in {name for name, _ in before}:
            gone = _of(queue, before) - _of(queue, found)
            rate = max(0.0, gone / seconds)
            known = self._rates.get(queue)
            self._rates[queue] = rate if known is None else known + _WEIGHT * (rate - known)


def _of(queue: str, waiting: Counter[tuple[str, str]]) -> int:
    return sum(count for (name, _), count in waiting.items() if name == queue)
