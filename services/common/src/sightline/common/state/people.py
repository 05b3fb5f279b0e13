"""People whose faces are enrolled: who they are, on what ground, and until when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sightline.common.errors import NotFound, Reason, SightlineError
from sightline.common.state.database import Database
from sightline.common.state.vectors import vectors_needed


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to store; `body_sha256` tells a repeat from a reuse of `request_id`."""

    tenant: str
    person_id: UUID
    collection: str
    display_name: str
    consent: str
    purpose: str
    erase_sources: bool
    expire_time: datetime | None
    request_id: UUID | None
    body_sha256: bytes


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What is changed of a person; None stays as it is, `expires` says whether `expire_time` is changed."""

    display_name: str | None = None
    consent: str | None = None
    purpose: str | None = None
    erase_sources: bool | None = None
    expires: bool = False
    expire_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A row of `persons`, and how many faces belong to it."""

    tenant: str
    person_id: UUID
    collection: str
    display_name: str
    consent: str
    purpose: str
    erase_sources: bool
    expire_time: datetime | None
    create_time: datetime
    update_time: datetime
    face_count: int


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a call with a request id has made: a person, or a face of one."""

    body_sha256: bytes
    person_id: UUID
    face_id: UUID | None


class People:
    """The people of every tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, person: NewPerson) -> Person:
        """Store a person, or find the one that the same request has stored.

        Raises:
            SightlineError: REQUEST_ID_REUSED, or KIND_NOT_SERVED where the database has no pgvector.
        """
        parameters = {name: getattr(person, name) for name in NewPerson.__slots__}
        with vectors_needed():
            rows = await self._database.fetch(Person, "people.add", parameters)
        if rows:
            return rows[0]
        assert person.request_id is not None, "without a request id every person is new"
        earlier = await self.remembered(person.tenant, person.request_id, person.body_sha256)
        return await self.get(person.tenant, earlier.person_id if earlier else person.person_id)

    async def remembered(self, tenant: str, request_id: UUID, body_sha256: bytes) -> Remembered | None:
        """Say what a call with a request id has made, if there was one.

        Raises:
            SightlineError: REQUEST_ID_REUSED, it had another body.
        """
        parameters = {"tenant": tenant, "request_id": request_id}
        rows = await self._database.fetch(Remembered, "people.by_request", parameters)
        if rows and rows[0].body_sha256 != body_sha256:
            raise SightlineError(Reason.REQUEST_ID_REUSED, f"request_id {request_id} was used for another request")
        return rows[0] if rows else None

    async def get(self, tenant: str, person_id: UUID) -> Person:
        """Read a person.

        Raises:
            NotFound: when the tenant has no such person.
        """
        rows = await self.find(tenant, [person_id])
        if not rows:
            raise NotFound(f"persons/{person_id}")
        return rows[0]

    async def find(self, tenant: str, person_ids: Collection[UUID]) -> list[Person]:
        """Read those of the people that there are, in no order."""
        parameters = {"tenant": tenant, "person_ids": list(person_ids)}
        with vectors_needed():
            return await self._database.fetch(Person, "people.get", parameters)

    async def list_page(self, tenant: str, collection: str | None, *, before: UUID | None, count: int) -> list[Person]:
        """Read people, the newest first, beginning behind `before`; those of all collections for None."""
        parameters = {"tenant": tenant, "collection": collection, "before": before, "count": count}
        with vectors_needed():
            name = "people.list" if collection is not None else "people.list_all"
            return await self._database.fetch(Person, name, parameters)

    async def update(self, tenant: str, person_id: UUID, change: PersonChange) -> Person:
        """Change a person.

        Raises:
            NotFound: when the tenant has no such person.
        """
        fields = {name: getattr(change, name) for name in PersonChange.__slots__}
        parameters = {"tenant": tenant, "person_id": person_id, **fields}
        if not await self._database.rows("people.update", parameters):
            raise NotFound(f"persons/{person_id}")
        return await self.get(tenant, person_id)

    async def purge_requests(self, *, older_seconds: float, count: int = 500) -> int:
        """Forget request ids older than that; returns how many, at most `count`."""
        parameters = {"older_seconds": older_seconds, "count": count}
        return len(await self._database.rows("people.purge_requests", parameters))
