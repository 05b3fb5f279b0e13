"""What results are made with at present, remembered for a moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from sightline.common.state.fingerprints import Fingerprints


class KnownFingerprints:
    """The fingerprints of the workers; the database is asked once for all submissions of a few seconds."""

    def __init__(self, fingerprints: Fingerprints, fresh_seconds: float) -> None:
        self._fingerprints = fingerprints
        self._fresh_seconds = fresh_seconds
        self._known: Mapping[str, bytes] = {}
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def current(self) -> Mapping[str, bytes]:
        """Give them by kind; a kind that nobody ever did is left out.

        Raises:
            TemporarilyAway: they are no longer fresh, and the database is away.
        """
        if time.monotonic() >= self._until:
            async with self._asking:
                if time.monotonic() >= self._until:
                    self._known = await self._fingerprints.current()
                    self._until = time.monotonic() + self._fresh_seconds
        return self._known
