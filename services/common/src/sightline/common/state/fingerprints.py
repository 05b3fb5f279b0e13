"""What results are made with: each worker says it of itself, and whoever reuses results asks."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.common.state.database import Database

# Workers announce this often, and count as gone after some announcements of others without theirs.
ANNOUNCE_SECONDS = 20.0
_SILENCE_SECONDS = 60.0


class Fingerprints:
    """The fingerprints of the workers of every queue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def announce(self, queue: str, kinds: Sequence[str], fingerprint: bytes) -> None:
        """Say that results of these kinds are made in this way now.

        Args:
            queue: what the worker consumes.
            kinds: what it does.
            fingerprint: the same for all workers, and only those, whose results are the same.
        """
        # In one order, so that two workers never wait for each other.
        parameters = {"queue": queue, "kinds": sorted(kinds), "fingerprint": fingerprint}
        await self._database.rows("fingerprints.announce", parameters)

    async def current(self) -> dict[str, bytes]:
        """Read, by kind, the fingerprints of all that may do the work; a kind that nobody ever did is left out."""
        rows = await self._database.rows("fingerprints.current", {"silence_seconds": _SILENCE_SECONDS})
        return {kind: bytes(fingerprints) for kind, fingerprints in rows}
