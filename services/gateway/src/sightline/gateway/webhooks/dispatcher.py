"""The dispatcher: takes deliveries that are due and makes them, many at once and in turns."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import suppress

import structlog

from sightline.common.errors import SightlineError
from sightline.common.state.deliveries import Claimed, Deliveries, DeliveryState, Outcome, Receiver
from sightline.common.state.jobs import Job
from sightline.common.telemetry import Metrics
from sightline.gateway.grouping import Grouping
from sightline.gateway.webhooks.messages import event_body
from sightline.gateway.webhooks.sender import Answer, Sender
from sightline.gateway.webhooks.turns import Bounds, turns
from sightline.gateway.webhooks.verdicts import Verdicts

log = structlog.get_logger()

# Receivers with something pending that one look takes in; the next look goes on behind them.
_LOOK_RECEIVERS = 1000
_SETTLED_AT_ONCE = 200
# How long a delivery that is under way may still take when the process ends; then another process makes it again.
_FAREWELL_SECONDS = 3.0


class Dispatcher:
    """Runs on every gateway: a claim is a lease, so that any of them may die and another goes on.

    A delivery that was sent, and whose outcome could not be written, is sent again under the same id.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        sender: Sender,
        verdicts: Verdicts,
        metrics: Metrics,
        *,
        bounds: Bounds,
        lease_seconds: float,
        poll_seconds: float,
    ) -> None:
        """Prepare to deliver.

        Args:
            deliveries: what is to be told.
            sender: makes one attempt.
            verdicts: says what an answer means.
            metrics: counts attempts.
            bounds: how many attempts are made at once.
            lease_seconds: how long a claim holds.
            poll_seconds: interval of looking for what is due.
        """
        self._deliveries = deliveries
        self._sender = sender
        self._verdicts = verdicts
        self._metrics = metrics
        self._bounds = bounds
        self._lease_seconds = lease_seconds
        self._poll_seconds = poll_seconds
        self._settling = Grouping(deliveries.settle, window_seconds=0.0, group_max=_SETTLED_AT_ONCE)
        self._busy: Counter[Receiver] = Counter()
        self._making: dict[asyncio.Task[None], Claimed] = {}
        self._unanswered: set[Claimed] = set()
        self._position: Receiver | None = None
        self._freed = asyncio.Event()
        self._stopping = False
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to deliver."""
        self._looking = asyncio.create_task(self._look_on(), name="webhooks")

    async def stop(self) -> None:
        """Take nothing more, let what is under way end soon, and hand back the rest."""
        self._stopping = True
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
        if self._making:
            await asyncio.wait(self._making, timeout=_FAREWELL_SECONDS)
        for task in self._making:
            task.cancel()
        unanswered = list(self._unanswered)
        await asyncio.gather(*self._making, return_exceptions=True)
        with suppress(SightlineError):
            await self._settling.close()
            if unanswered:
                await self._deliveries.hand_back(unanswered)

    async def _look_on(self) -> None:
        while not self._stopping:
            more = False
            try:
                more = await self._look()
            except SightlineError as error:
                log.warning("webhooks_not_looked_at", reason=error.reason)
            except Exception:  # whatever it was, the next look may go better, and nobody else would look
                log.exception("webhooks_not_looked_at")
            if not more:
                self._freed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_seconds):
                        await self._freed.wait()

    async def _look(self) -> bool:
        """Take what is due and there is room for; says whether to look on at once."""
        due, self._position = await self._deliveries.due(self._position, _LOOK_RECEIVERS)
        wanted = turns(due, self._busy, self._bounds)
        claims = await self._deliveries.claim(wanted, self._lease_seconds) if wanted else []
        # Noted before the next await: what is claimed is made or handed back, even if this task is cancelled now.
        self._unanswered.update(claims)
        try:
            jobs = await self._deliveries.jobs(claims) if claims else {}
        except SightlineError:
            self._unanswered.difference_update(claims)
            raise
        for one in claims:
            if one.job_id is None or one.transition is None:
                self._begin(one, None)
            elif job := jobs.get((one.job_id, one.transition)):
                self._begin(one, job)
            else:  # the webhook was deleted just now, and its deliveries with it
                self._unanswered.discard(one)
        return bool(claims) or self._position is not None

    def _begin(self, claimed: Claimed, job: Job | None) -> None:
        self._busy[claimed.receiver] += 1
        self._metrics.webhooks_in_flight.inc()
        task = asyncio.create_task(self._make(claimed, job), name="delivery")
        self._making[task] = claimed
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        claimed = self._making.pop(task)
        self._busy[claimed.receiver] -= 1
        if not self._busy[claimed.receiver]:
            del self._busy[claimed.receiver]
        self._metrics.webhooks_in_flight.dec()
        self._freed.set()

    async def _make(self, claimed: Claimed, job: Job | None) -> None:
        began = time.monotonic()
        try:
            outcome = self._verdicts.judge(claimed, await self._answer(claimed, job))
            self._unanswered.discard(claimed)
            self._note(outcome, time.monotonic() - began)
            await self._settling.add(outcome)
        except SightlineError as error:
            # The lease ends, and the delivery is made again: twice rather than never.
            log.warning("delivery_not_settled", delivery=str(claimed.delivery_id), reason=error.reason)

    async def _answer(self, claimed: Claimed, job: Job | None) -> Answer:
        try:
            return await self._sender.send(claimed, event_body(claimed, job))
        except Exception:  # whatever one delivery brings about, it counts as an attempt and ends one day
            log.exception("delivery_failed", delivery=str(claimed.delivery_id))
            return Answer(error="The delivery could not be made; the operator's log says why")

    def _note(self, outcome: Outcome, seconds: float) -> None:
        name = "failed" if outcome.state is DeliveryState.PENDING else outcome.state.name.lower()
        self._metrics.webhook_seconds.labels(name).observe(seconds)
        log.info(
            "webhook_attempted",
            delivery=str(outcome.claimed.delivery_id),
            webhook=str(outcome.claimed.webhook_id),
            outcome=name,
            attempt=outcome.claimed.count,
            status=outcome.status_code,
            error=outcome.error,
        )
