"""Tells again and again what this worker makes its results with, so that only the same is reused."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import structlog

from sightline.common.errors import SightlineError
from sightline.common.state.fingerprints import ANNOUNCE_SECONDS, Fingerprints

log = structlog.get_logger()

_RETRY_SECONDS = 1.0


class Announcing:
    """The fingerprint of one worker."""

    def __init__(self, fingerprints: Fingerprints, queue: str, kinds: Collection[str], fingerprint: bytes) -> None:
        self._fingerprints = fingerprints
        self._queue = queue
        self._kinds = tuple(kinds)
        self._fingerprint = fingerprint

    async def keep(self) -> None:
        """Announce at once and then every few seconds, until cancelled."""
        while True:
            try:
                await self._fingerprints.announce(self._queue, self._kinds, self._fingerprint)
            except SightlineError as error:
                log.debug("fingerprint_not_announced", reason=error.reason.value)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                await asyncio.sleep(ANNOUNCE_SECONDS)
