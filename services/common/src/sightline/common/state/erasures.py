"""Erasures: people who go with all that is known of them, and the receipts that stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

from sightline.common.errors import NotFound
from sightline.common.state.database import Database
from sightline.common.state.statements import statement
from sightline.common.state.vectors import vectors_needed


class Cause(IntEnum):
    """Why somebody was erased; the numbers of `sightline.v1.ErasureReceipt.Cause`."""

    REQUEST = 1
    EXPIRY = 2


@dataclass(frozen=True, slots=True)
class Erasure:
    """A row of `erasures`; without `erase_time` the files of `blob_keys` are still to be deleted."""

    person_id: UUID
    cause: int
    erased_vectors: int
    erased_results: int
    erased_blobs: int
    blob_keys: list[str]
    erase_time: datetime | None
    compact_time: datetime | None


@dataclass(frozen=True, slots=True)
class Whom:
    """The person of a tenant."""

    tenant: str
    person_id: UUID


class Erasures:
    """The erasures of every tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, whom: Whom, cause: Cause, *, sources: bool | None) -> None:
        """Delete a person with all rows in one transaction; files are noted as nobody's, and as to be deleted.

        Args:
            whom: who is erased; without effect when somebody else has just done it.
            cause: why.
            sources: whether the media go too that faces came from; None for what the person says.

        Raises:
            NotFound: there is no such person, and there was none.
        """

        async def erase(connection: AsyncConnection[Any]) -> bool:
            person = await _one(connection, "erasures.lock", _key(whom))
            if person is None:
                return False
            count, media_ids, part = await _one(
                connection, "erasures.faces", {**_key(whom), "collection": person[0]}
            ) or (0, [], "")
            keys: Sequence[str] = []
            results = 0
            if media_ids and (person[1] if sources is None else sources):
                given: dict[str, Any] = {"tenant": whom.tenant, "media_ids": media_ids}
                keys, results = await _one(connection, "erasures.sources", given) or ([], 0)
            kept = {"cause": int(cause), "erased_vectors": count, "erased_results": results, "part": part}
            await connection.execute(
                statement("erasures.finish_person"), {**_key(whom), **kept, "blob_keys": list(keys)}
            )
            return True

        with vectors_needed():
            erased = await self._database.transact("erasures.begin", erase)
        if not erased:
            await self.get(whom)

    async def complete(self, whom: Whom) -> bool:
        """Say that an erasure is complete, if every file of it is deleted; returns whether this call has said so."""
        return bool(await self._database.rows("erasures.complete", _key(whom)))

    async def get(self, whom: Whom) -> Erasure:
        """Read what is known of an erasure.

        Raises:
            NotFound: when the tenant has never erased such a person.
        """
        rows = await self._database.fetch(Erasure, "erasures.get", _key(whom))
        if not rows:
            raise NotFound(f"persons/{whom.person_id}")
        return rows[0]

    async def expired(self, count: int) -> list[Whom]:
        """Name people whose time has come, the longest expired first."""
        return await self._database.fetch(Whom, "erasures.expired", {"count": count})

    async def unfinished(self, count: int) -> list[Whom]:
        """Name people who are erased but for files, the oldest erasure first."""
        return await self._database.fetch(Whom, "erasures.unfinished", {"count": count})

    async def compact(self) -> int:
        """Clear the space of deleted vectors in tables and indexes; returns of how many parts."""
        parts = await self._database.rows("faces.leftovers")
        for part, delete_xid in parts:
            await self._vacuum(str(part))
            await self._database.rows("faces.compacted", {"part": part, "delete_xid": delete_xid})
        return len(parts)

    async def _vacuum(self, part: str) -> None:
        async with self._database.session() as connection:
            # It takes as long as the index is large, seconds for 100,000 vectors.
            await connection.execute("SET statement_timeout = 0")
            try:
                await connection.execute(SQL("VACUUM (INDEX_CLEANUP ON) {}").format(Identifier(part)))
            finally:
                if not connection.closed:
                    await connection.execute("RESET statement_timeout")


async def _one(connection: AsyncConnection[Any], name: str, parameters: dict[str, Any]) -> Any:
    cursor = await connection.execute(statement(name), parameters)
    return await cursor.fetchone()


def _key(whom: Whom) -> dict[str, Any]:
    return {"tenant": whom.tenant, "person_id": whom.person_id}
