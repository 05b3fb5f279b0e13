"""Metering: the bytes of files count as they come, against limits and for the record."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from sightline.common.errors import Reason, TemporarilyAway
from sightline.common.rpc import Identity
from sightline.gateway.quotas.limits import Limit, Resource
from sightline.gateway.quotas.quotas import Quotas
from sightline.gateway.quotas.recorder import Recorder

# What is taken at once of a file whose size is not known: one question for so many bytes.
_STEP_BYTES = 16 * 2**20
_BUSY_SECONDS = 5.0


class Meter:
    """Counts one file on its way in."""

    def __init__(self, quotas: Quotas, identity: Identity, resource: Resource, more: Sequence[Limit]) -> None:
        self.came_bytes = 0
        self._charged_bytes = 0
        self._quotas = quotas
        self._identity = identity
        self._resource = resource
        self._more = more

    async def begin(self, once: Mapping[Resource, int], expected_bytes: int) -> None:
        """Take what a call takes once, and the bytes that are announced.

        Raises:
            QuotaExceeded: it is more than is left.
        """
        await self._quotas.charge(self._identity, {**once, self._resource: expected_bytes}, *self._more)
        self._charged_bytes = expected_bytes

    async def counted(self, pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        """Pass a file through, and take what it has beyond what was announced.

        Raises:
            QuotaExceeded: the limit was reached on the way.
        """
        async for piece in pieces:
            missing = self.came_bytes + len(piece) - self._charged_bytes
            if missing > 0:
                await self._take(max(_STEP_BYTES, missing), missing)
            # Only what is let through counts.
            self.came_bytes += len(piece)
            yield piece

    async def end(self) -> None:
        """Give back what was taken and did not come: what came counts, whatever became of it."""
        difference, self._charged_bytes = self.came_bytes - self._charged_bytes, self.came_bytes
        await self._quotas.settle(self._identity, {self._resource: difference}, *self._more)

    async def _take(self, wanted: int, needed: int) -> None:
        limits = self._quotas.limiting(self._identity, self._resource, self._more)
        if limits:
            # Near the end of a limit a whole step may be more than is left, and more than the file needs.
            left = min((one.remaining for one in await self._quotas.standings(limits)), default=wanted)
            wanted = max(needed, min(wanted, left))
            await self._quotas.charge(self._identity, {self._resource: wanted}, *self._more)
        self._charged_bytes += wanted


class Meters:
    """Makes meters, and bounds the bytes of unfinished uploads of this process."""

    def __init__(self, quotas: Quotas, recorder: Recorder, in_flight_max: int | None) -> None:
        self._quotas = quotas
        self._recorder = recorder
        self._in_flight_max = in_flight_max
        self._in_flight: dict[Meter, int] = {}

    @asynccontextmanager
    async def upload(self, identity: Identity, expected_bytes: int) -> AsyncIterator[Meter]:
        """Meter one upload.

        Raises:
            QuotaExceeded: it is more than the key or its tenant has left.
            TemporarilyAway: OVERLOADED, as many bytes as may be are on their way in.
        """
        self._check_in_flight(expected_bytes)
        once = {Resource.REQUESTS: 1}
        async with self._metered(
            identity, once, Resource.UPLOAD_BYTES, expected_bytes=expected_bytes, more=(), kind="upload_media"
        ) as meter:
            self._in_flight[meter] = expected_bytes
            try:
                yield meter
            finally:
                del self._in_flight[meter]

    @asynccontextmanager
    async def fetch(self, identity: Identity, kind: str, budgets: Sequence[Limit]) -> AsyncIterator[Meter]:
        """Meter one import.

        Args:
            identity: for whom.
            kind: what the record calls it.
            budgets: of the provider.

        Raises:
            QuotaExceeded: a budget is used up.
        """
        once = {Resource.REQUESTS: 1, Resource.IMPORTS: 1}
        async with self._metered(
            identity, once, Resource.IMPORT_BYTES, expected_bytes=0, more=budgets, kind=kind
        ) as meter:
            yield meter

    def _check_in_flight(self, expected_bytes: int) -> None:
        under_way = sum(max(meter.came_bytes, expected) for meter, expected in self._in_flight.items())
        # One that is alone is let in however large it is: there is nothing to wait for.
        if self._in_flight_max is not None and under_way and under_way + expected_bytes > self._in_flight_max:
            raise TemporarilyAway(
                Reason.OVERLOADED, "As many uploads as may be are under way", retry_after_seconds=_BUSY_SECONDS
            )

    @asynccontextmanager
    async def _metered(
        self,
        identity: Identity,
        once: Mapping[Resource, int],
        resource: Resource,
        *,
        expected_bytes: int,
        more: Sequence[Limit],
        kind: str,
    ) -> AsyncIterator[Meter]:
        meter = Meter(self._quotas, identity, resource, more)
        await meter.begin(once, expected_bytes)
        count = 0
        try:
            yield meter
            count = 1
        finally:
            self._recorder.note(identity.tenant, kind, count, meter.came_bytes)
            await meter.end()
