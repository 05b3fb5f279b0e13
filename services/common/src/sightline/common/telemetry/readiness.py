"""Readiness: whether the dependencies of a process answer, asked at most about once a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field

from sightline.common.errors import SightlineError

Check = Callable[[], Awaitable[None]]
"""Returns when the dependency answers, raises when it does not."""

OK = "ok"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found.

    Attributes:
        ready: whether calls may be sent here.
        dependencies: `ok` or a sentence, by the name of the dependency.
    """

    ready: bool
    dependencies: Mapping[str, str] = field(default_factory=dict)


class Readiness:
    """Runs the checks of a process together and keeps the answer for a moment.

    Liveness is another question: a process whose database is away is not ready, but to restart it
    helps nobody.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        *,
        dispensable: Collection[str] = (),
        cache_seconds: float = 1.0,
        timeout_seconds: float = 2.0,
    ) -> None:
        """Prepare the checks.

        Args:
            checks: by the name of the dependency.
            dispensable: those without which the process still does its work; they are reported only.
            cache_seconds: how long an answer is fresh.
            timeout_seconds: how long a dependency may take to answer.
        """
        self._checks = dict(checks)
        self._dispensable = frozenset(dispensable)
        self._cache_seconds = cache_seconds
        self._timeout_seconds = timeout_seconds
        self._lock = asyncio.Lock()
        self._report: Report | None = None
        self._checked_at = 0.0
        self._draining = False

    def begin_drain(self) -> None:
        """Say not ready from now on, whatever the dependencies say."""
        self._draining = True

    async def report(self) -> Report:
        """Check every dependency, or give the last answer if it is fresh; one check runs for all who ask."""
        if self._draining:
            return Report(False, {"process": "draining"})
        async with self._lock:
            if self._report is None or time.monotonic() - self._checked_at > self._cache_seconds:
                self._report = await self._check_all()
                self._checked_at = time.monotonic()
            return self._report

    async def _check_all(self) -> Report:
        answers = await asyncio.gather(*(self._answer(check) for check in self._checks.values()))
        found = dict(zip(self._checks, answers, strict=True))
        ready = all(answer == OK for name, answer in found.items() if name not in self._dispensable)
        return Report(ready, found)

    async def _answer(self, check: Check) -> str:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await check()
        except TimeoutError:
            return f"no answer within {self._timeout_seconds:g} s"
        except SightlineError as error:
            return error.message
        except Exception as error:  # a check may fail in any way; its kind is told, never an address
            return type(error).__name__
        return OK
