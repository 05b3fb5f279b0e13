"""The ledger: charges are decided by the shared counters, and by a local estimate while those are away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from uuid import uuid4

import structlog

from sightline.common.queue import Charge, Counters, Verdict
from sightline.gateway.grouping import Grouping
from sightline.gateway.quotas.estimate import Estimate

log = structlog.get_logger()

_GROUP_MAX = 200
_MEET_SECONDS = 5.0


class Ledger:
    """Charges calls; those that come at the same moment share a round trip."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._estimate = Estimate()
        self._grouping: Grouping[Sequence[Charge], Verdict] = Grouping(
            self._decide, window_seconds=0, group_max=_GROUP_MAX
        )
        self._alone = False
        self._ahead_seconds = 0.0
        self._meeting: asyncio.Task[None] | None = None

    async def charge(self, charges: Sequence[Charge]) -> Verdict:
        """Charge all of them or none; nobody waits longer than the counters' timeout."""
        self._meeting = self._meeting or asyncio.create_task(self._meet(), name="meet peers")
        return await self._grouping.add(charges)

    async def close(self) -> None:
        """Decide what is still to be decided, then close the connections."""
        await self._grouping.close()
        if self._meeting is not None:
            self._meeting.cancel()
            with suppress(asyncio.CancelledError):
                await self._meeting
        await self._counters.close()

    async def _decide(self, calls: Sequence[Sequence[Charge]]) -> Sequence[Verdict]:
        verdicts = await self._ask(calls)
        if verdicts is None:
            self._note(alone=True)
            # By the server's clock all the same: at the turn of an hour the two may be in different windows, and what
            # was allowed in one that the server is not in is not given back to it.
            clock = time.time() + self._ahead_seconds
            return [self._estimate.charge(charges, clock, self._counters.peers) for charges in calls]
        for charges, verdict in zip(calls, verdicts, strict=True):
            self._estimate.note(charges, verdict)
        self._ahead_seconds = verdicts[-1].clock - time.time() if verdicts else self._ahead_seconds
        return verdicts

    async def _ask(self, calls: Sequence[Sequence[Charge]]) -> list[Verdict] | None:
        if self._counters.resting:
            return None
        if self._alone:
            # What was allowed here meanwhile goes first, so that no window is spent twice.
            known = self._estimate.known()
            if known and not await self._counters.restore(known):
                return None
            self._estimate.restored()
        verdicts = await self._counters.charge(calls)
        if verdicts is not None:
            self._note(alone=False)
        return verdicts

    async def _meet(self) -> None:
        name = uuid4().hex
        while True:
            await self._counters.meet(name)
            await asyncio.sleep(_MEET_SECONDS)

    def _note(self, *, alone: bool) -> None:
        if alone != self._alone:
            self._alone = alone
            log.warning("limits_estimated" if alone else "limits_shared")
