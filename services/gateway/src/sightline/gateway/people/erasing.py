"""Erasing people: at their wish or when their time has come, to the last file."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from sightline.common.errors import Reason, TemporarilyAway
from sightline.common.state.erasures import Cause, Erasure, Erasures, Whom
from sightline.common.telemetry import Metrics
from sightline.gateway.media_store import MediaStore

log = structlog.get_logger()

# Other duties of the leader wait for one that takes longer than its term, so nobody waits for a large index.
_PATIENCE_SECONDS = 2.0


class Erasing:
    """Erases; each method may be repeated, and goes on where it was broken off."""

    def __init__(self, erasures: Erasures, store: MediaStore, metrics: Metrics, count: int) -> None:
        """Prepare to erase.

        Args:
            erasures: deletes the rows and keeps the receipts.
            store: deletes files.
            metrics: counts.
            count: people that a duty erases at once.
        """
        self._erasures = erasures
        self._store = store
        self._metrics = metrics
        self._count = count
        self._compacting: asyncio.Task[int] | None = None

    async def close(self) -> None:
        """Break off what runs beside the duties."""
        if self._compacting is not None:
            self._compacting.cancel()
            with suppress(asyncio.CancelledError):
                await self._compacting

    async def erase(self, whom: Whom, cause: Cause, *, sources: bool | None = None) -> Erasure:
        """Erase a person; a repeat finishes what was begun, and gives the same receipt.

        Args:
            whom: the person.
            cause: why.
            sources: whether the media go too that faces came from; None for what the person says.

        Raises:
            NotFound: there is no such person, and there was none.
            TemporarilyAway: rows are deleted, but files are not yet; housekeeping goes on.
        """
        await self._erasures.begin(whom, cause, sources=sources)
        return await self.receipt(whom)

    async def receipt(self, whom: Whom) -> Erasure:
        """Give the receipt of an erasure, once it is complete.

        Raises:
            NotFound: the tenant has never erased such a person.
            TemporarilyAway: files are still to be deleted.
        """
        found = await self._erasures.get(whom)
        if found.erase_time is None:
            found = await self._finish(whom, found)
        if found.erase_time is None:
            message = (
                f"persons/{whom.person_id} is erased but for {len(found.blob_keys)} files, which follow by themselves"
            )
            raise TemporarilyAway(Reason.BLOBS_UNAVAILABLE, message)
        return found

    async def expire(self) -> bool:
        """Erase people whose time has come."""
        expired = await self._erasures.expired(self._count)
        for whom in expired:
            await self._erasures.begin(whom, Cause.EXPIRY, sources=None)
            await self._finish(whom, await self._erasures.get(whom))
        if expired:
            log.info("people_expired", people=len(expired))
        return len(expired) == self._count

    async def finish(self) -> bool:
        """Finish erasures whose files could not be deleted at once."""
        for whom in await self._erasures.unfinished(self._count):
            await self._finish(whom, await self._erasures.get(whom))
        # Those whose files can't be deleted yet are named again: to go on at once would ask for the same for ever.
        return False

    async def compact(self) -> bool:
        """Clear the space of vectors that are deleted; goes on beside the duties where it takes long."""
        if self._compacting is None:
            self._compacting = asyncio.create_task(self._erasures.compact(), name="compact faces")
        done, _ = await asyncio.wait([self._compacting], timeout=_PATIENCE_SECONDS)
        if done:
            ended, self._compacting = self._compacting, None
            if parts := ended.result():
                log.info("faces_compacted", parts=parts)
        return False

    async def _finish(self, whom: Whom, found: Erasure) -> Erasure:
        await self._store.discard(found.blob_keys)
        if await self._erasures.complete(whom):
            self._metrics.persons_erased.labels(Cause(found.cause).name.lower()).inc()
        return await self._erasures.get(whom)
