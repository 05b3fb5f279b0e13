"""The record of what gateways take in, stored together every few seconds."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime

import structlog

from sightline.common.errors import SightlineError
from sightline.common.state.usage import Noted, Usage

log = structlog.get_logger()

Place = tuple[str, datetime, str]
"""Tenant, hour and kind."""


class Recorder:
    """Adds up in memory; a gateway that is killed forgets what it noted since the last interval, and no more."""

    def __init__(self, usage: Usage, interval_seconds: float) -> None:
        self._usage = usage
        self._interval_seconds = interval_seconds
        self._sums: defaultdict[Place, list[int]] = defaultdict(lambda: [0, 0])
        self._storing: asyncio.Task[None] | None = None

    def note(self, tenant: str, kind: str, count: int, size_bytes: int) -> None:
        """Count files and bytes in the present hour."""
        if count or size_bytes:
            hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
            sums = self._sums[tenant, hour, kind]
            sums[0] += count
            sums[1] += size_bytes

    def start(self) -> None:
        """Begin to store."""
        self._storing = asyncio.create_task(self._keep_storing(), name="store usage")

    async def close(self) -> None:
        """Store what is left."""
        if self._storing is not None:
            self._storing.cancel()
            with suppress(asyncio.CancelledError):
                await self._storing
        await self.store()

    async def store(self) -> None:
        """Store what was noted; while the database is away it is kept for the next time."""
        sums, self._sums = self._sums, defaultdict(lambda: [0, 0])
        if not sums:
            return
        noted = [Noted(*place, count, size_bytes) for place, (count, size_bytes) in sums.items()]
        try:
            await self._usage.note(noted)
        except SightlineError as error:
            log.warning("usage_not_stored", rows=len(noted), reason=error.reason)
            for place, (count, size_bytes) in sums.items():
                self._sums[place][0] += count
                self._sums[place][1] += size_bytes

    async def _keep_storing(self) -> None:
        while True:
            await asyncio.sleep(self._interval_seconds)
            # Stored to the end even if the process stops meanwhile, so that nothing is counted twice.
            await asyncio.shield(asyncio.ensure_future(self.store()))
