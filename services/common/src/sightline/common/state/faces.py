"""Enrolled faces: their vectors, and which of them are near another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

from sightline.common.errors import NotFound, Reason, SightlineError
from sightline.common.state.database import Database
from sightline.common.state.statements import statement
from sightline.common.state.vectors import vectors_needed

INDEXED_DIMENSIONS = frozenset({512})
"""Vectors of so many dimensions have an index; others are compared one by one."""
_COUNTED_MAX = 200_000
OUTDATED_MAX = 1000
"""Faces of other models are counted up to so many."""


@dataclass(frozen=True, slots=True, eq=False)
class NewFace:
    """A face to enrol.

    Attributes:
        embedding: of unit length.
        threshold: least cosine at which the face counts as somebody's.
        face: a serialised `sightline.v1.Face` without its embedding.
        media_id: where the picture came from; None if it came with the call.
    """

    tenant: str
    person_id: UUID
    face_id: UUID
    model_sha256: bytes
    model_name: str
    model_version: str
    embedding: list[float]
    threshold: float
    face: bytes
    width_px: int
    height_px: int
    media_id: UUID | None
    request_id: UUID | None
    body_sha256: bytes


@dataclass(frozen=True, slots=True)
class EnrolledFace:
    """A row of `faces`, without its vector."""

    person_id: UUID
    face_id: UUID
    model_sha256: bytes
    model_name: str
    model_version: str
    face: bytes
    width_px: int
    height_px: int
    media_id: UUID | None
    create_time: datetime


@dataclass(frozen=True, slots=True)
class Near:
    """An enrolled face that is near another.

    Attributes:
        threshold: least cosine at which it counts as somebody's.
        similarity: cosine of the angle between the two.
    """

    person_id: UUID
    face_id: UUID
    threshold: float
    similarity: float


@dataclass(frozen=True, slots=True)
class Space:
    """Which faces are compared: those of one collection whose vectors one model has made."""

    tenant: str
    collection: str
    model_sha256: bytes


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many faces a space has, counted up to a bound, and how many share its part of the index."""

    own: int
    shared: int


class Faces:
    """The enrolled faces of every tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, face: NewFace, *, count_max: int) -> EnrolledFace | None:
        """Enrol a face.

        Args:
            face: what is to be stored.
            count_max: how many the person may have.

        Returns:
            The face; None when the person is not there, has as many as may be, or the request id was used.
        """
        parameters = {name: getattr(face, name) for name in NewFace.__slots__}
        with vectors_needed():
            rows = await self._database.fetch(EnrolledFace, "faces.add", {**parameters, "count_max": count_max})
        return rows[0] if rows else None

    async def get(self, tenant: str, person_id: UUID, face_id: UUID) -> EnrolledFace:
        """Read a face.

        Raises:
            NotFound: when the tenant has no such face.
        """
        parameters = {"tenant": tenant, "person_id": person_id, "face_id": face_id}
        with vectors_needed():
            rows = await self._database.fetch(EnrolledFace, "faces.get", parameters)
        if not rows:
            raise NotFound(f"persons/{person_id}/faces/{face_id}")
        return rows[0]

    async def list_page(self, tenant: str, person_id: UUID, *, before: UUID | None, count: int) -> list[EnrolledFace]:
        """Read the faces of a person, the newest first, beginning behind `before`."""
        parameters = {"tenant": tenant, "person_id": person_id, "before": before, "count": count}
        with vectors_needed():
            return await self._database.fetch(EnrolledFace, "faces.list", parameters)

    async def delete(self, tenant: str, person_id: UUID, face_id: UUID) -> None:
        """Erase a face.

        Raises:
            NotFound: when the tenant has no such face.
        """
        parameters = {"tenant": tenant, "person_id": person_id, "face_id": face_id}
        with vectors_needed():
            gone = await self._database.rows("faces.delete", parameters)
        if not gone:
            raise NotFound(f"persons/{person_id}/faces/{face_id}")

    async def sizes(self, space: Space) -> Sizes:
        """Say how many faces a search has to do with."""
        with vectors_needed():
            (sizes,) = await self._database.fetch(Sizes, "faces.sizes", {**_columns(space), "bound": _COUNTED_MAX})
        return sizes

    async def outdated(self, space: Space) -> int:
        """Count the faces of the collection that other models have made, up to `OUTDATED_MAX`."""
        with vectors_needed():
            ((count,),) = await self._database.rows("faces.outdated", {**_columns(space), "bound": OUTDATED_MAX})
        return int(count)

    async def near(self, space: Space, embedding: Sequence[float], *, count: int, ef_search: int | None) -> list[Near]:
        """Find the faces that are nearest, the nearest first.

        Args:
            space: which faces are compared.
            embedding: what they are compared with, of unit length.
            count: how many are found at most.
            ef_search: how far the index is searched; None compares every face of the space instead.
        """
        given = {**_columns(space), "embedding": list(embedding), "count": count}

        async def search(connection: AsyncConnection[Any]) -> list[Near]:
            if ef_search is not None:
                await connection.execute(statement("faces.prepare"), {"ef_search": min(1000, max(ef_search, count))})
            return await _fetch(connection, "faces.exact" if ef_search is None else "faces.near", given)

        with vectors_needed():
            return await self._database.transact("faces.search", search)


async def _fetch(connection: AsyncConnection[Any], name: str, parameters: Mapping[str, Any]) -> list[Near]:
    cursor = connection.cursor(row_factory=class_row(Near), binary=True)
    await cursor.execute(statement(name), parameters)
    return await cursor.fetchall()


def _columns(space: Space) -> dict[str, Any]:
    return {name: getattr(space, name) for name in Space.__slots__}


def limit_reached(person_id: UUID, count_max: int) -> SightlineError:
    """Make the refusal of one face more than may be."""
    message = f"persons/{person_id} has {count_max} faces, and may have no more"
    return SightlineError(Reason.FACE_LIMIT_REACHED, message)
