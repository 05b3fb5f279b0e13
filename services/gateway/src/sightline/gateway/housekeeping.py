"""Housekeeping: one gateway leads, and does what is done once for all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from sightline.common.errors import SightlineError
from sightline.common.state.upkeep import Upkeep
from sightline.common.telemetry import Metrics
from sightline.gateway.duties import Duty

log = structlog.get_logger()

# A leader that has come to a halt (frozen, or its machine) loses the lead after so many terms.
_TERMS_OF_SILENCE = 2


class Housekeeping:
    """Contends for the lead for as long as the process runs, and does the duties while it has it.

    The lead is a lock that ends with its connection: when a leader dies another takes over at its next try. A
    leader that lost its connection without a word finds out at the end of its term; until then two may do the
    same, which is safe, since every duty is a fenced statement or a message that may come twice.
    """

    def __init__(
        self,
        upkeep: Upkeep,
        duties: Sequence[Duty],
        metrics: Metrics,
        *,
        contend_seconds: float,
        term_seconds: float,
        on_resign: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare to contend.

        Args:
            upkeep: has the lock.
            duties: what a leader does.
            metrics: counts what it does.
            contend_seconds: interval of tries.
            term_seconds: how long a lead lasts before it has to be won anew.
            on_resign: called when this process does not lead, or does no longer.
        """
        self._upkeep = upkeep
        self._duties = duties
        self._metrics = metrics
        self._contend_seconds = contend_seconds
        self._term_seconds = term_seconds
        self._on_resign = on_resign
        self._contending: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin to contend."""
        self._contending = asyncio.create_task(self._contend(), name="housekeeping")

    async def stop(self) -> None:
        """Hand the lead over, if this process has it."""
        self._stopping = True
        if self._contending is not None:
            self._contending.cancel()
            with suppress(asyncio.CancelledError):
                await self._contending
        self._resign()

    async def _contend(self) -> None:
        # A flag beside the cancellation, which is lost when the database goes away just as the lead is given back.
        while not self._stopping:
            led = False
            try:
                led = await self._serve_term()
            except SightlineError as error:
                log.warning("lead_lost", reason=error.reason)
            except Exception:  # whatever it was, the next try may go better, and nobody else would try
                log.exception("housekeeping_failed")
            # After a term of its own it tries again at once: the others have had the moment between.
            if not led:
                await asyncio.sleep(self._contend_seconds)

    async def _serve_term(self) -> bool:
        served = False
        try:
            async with self._upkeep.leadership(_TERMS_OF_SILENCE * self._term_seconds) as leads:
                if leads:
                    self._metrics.leads.set(1)
                    await self._serve()
                    served = True
        finally:
            if not served:
                self._resign()
        return served

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as group:
            end = time.monotonic() + self._term_seconds
            for duty in self._duties:
                group.create_task(self._repeat(duty, end), name=duty.name)

    def _resign(self) -> None:
        """Say that another leads; not between two terms of one's own, where a scrape would find nobody."""
        self._metrics.leads.set(0)
        self._on_resign()

    async def _repeat(self, duty: Duty, end: float) -> None:
        while time.monotonic() < end:
            more = await self._run(duty)
            pause = 0.0 if more else duty.interval_seconds
            await asyncio.sleep(min(pause, max(0.0, end - time.monotonic())))

    async def _run(self, duty: Duty) -> bool:
        began, outcome = time.monotonic(), "failed"
        try:
            more = await duty.run()
            outcome = "done"
        except SightlineError as error:
            log.warning("duty_failed", duty=duty.name, reason=error.reason)
            return False
        except Exception:  # one duty that fails must not keep the others from theirs
            log.exception("duty_failed", duty=duty.name)
            return False
        finally:
            self._metrics.duty_seconds.labels(duty.name, outcome).observe(time.monotonic() - began)
        return more
