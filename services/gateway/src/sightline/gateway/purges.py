"""Purges: what has expired is deleted, in batches so small that nobody waits for one."""

from __future__ import annotations

import structlog

from sightline.common.state.media import MediaFiles
from sightline.common.state.upkeep import Upkeep
from sightline.gateway.media_store import MediaStore

log = structlog.get_logger()


class Purges:
    """Deletes a batch of each; every method returns whether there may be more."""

    def __init__(
        self,
        upkeep: Upkeep,
        files: MediaFiles,
        store: MediaStore,
        *,
        count: int,
        request_id_seconds: float,
        upload_idle_seconds: float,
    ) -> None:
        """Prepare to purge.

        Args:
            upkeep: deletes jobs and request ids.
            files: forgets files and uploads.
            store: deletes their bytes.
            count: rows in a batch at most.
            request_id_seconds: how long a request id is remembered.
            upload_idle_seconds: when an upload that nobody goes on with is dropped.
        """
        self._upkeep = upkeep
        self._files = files
        self._store = store
        self._count = count
        self._request_id_seconds = request_id_seconds
        self._upload_idle_seconds = upload_idle_seconds

    async def jobs(self) -> bool:
        """Delete ended jobs that have expired, with their results."""
        return self._note("jobs", await self._upkeep.purge_jobs(self._count))

    async def request_ids(self) -> bool:
        """Forget request ids that need not be remembered any more."""
        purged = await self._upkeep.purge_requests(older_seconds=self._request_id_seconds, count=self._count)
        return self._note("request_ids", purged)

    async def media(self) -> bool:
        """Delete files that have expired."""
        keys = await self._files.purge(self._count)
        await self._store.discard(keys)
        return self._note("media", len(keys))

    async def uploads(self) -> bool:
        """Delete the parts of uploads that were abandoned."""
        keys = await self._files.purge_uploads(older_seconds=self._upload_idle_seconds, count=self._count)
        await self._store.discard(keys)
        return self._note("uploads", len(keys))

    async def loose_blobs(self) -> bool:
        """Delete bytes that no row owns: what a crash or an absent blob store left behind."""
        keys = await self._files.loose(self._count)
        await self._store.discard(keys)
        # Those that can't be deleted are named again: to go on at once would ask for the same ones for ever.
        self._note("loose_blobs", len(keys))
        return False

    def _note(self, what: str, count: int) -> bool:
        if count:
            log.info("purged", what=what, rows=count)
        return count >= self._count
