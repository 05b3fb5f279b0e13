"""PersonService: people who are known by their faces, and the search for them."""

# ruff: noqa: N802 - methods have their names from the contract

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from google.protobuf.empty_pb2 import Empty

from sightline.common.rpc import Context, current_identity
from sightline.common.state.erasures import Cause, Whom
from sightline.common.state.faces import EnrolledFace, Faces, Near, Space, limit_reached
from sightline.common.state.people import People
from sightline.gateway import names, page_tokens
from sightline.gateway.people.changes import digest, new_face, new_person, person_change, request_id
from sightline.gateway.people.choosing import choose
from sightline.gateway.people.erasing import Erasing
from sightline.gateway.people.finding import FaceFinder
from sightline.gateway.people.matching import Matching, Wanted
from sightline.gateway.people.messages import (
    display_names,
    face_ids,
    face_message,
    face_name,
    person_message,
    person_name,
    person_of_receipt,
    receipt_message,
    without_embedding,
)  # fmt: skip
from sightline.gateway.quotas.recorder import Recorder
from sightline.gateway.settings import PeopleSettings
from sightline.v1 import person_pb2, person_service_pb2 as api, person_service_pb2_grpc
from sightline.v1.face_pb2 import Face

_ANY = "-"
_MATCHES_DEFAULT, _FACES_MAX = 5, 100


class PersonServicer(person_service_pb2_grpc.PersonServiceServicer):
    """Translates calls into what the state and the face service do, and what they give into messages."""

    def __init__(
        self,
        people: People,
        faces: Faces,
        *,
        finder: FaceFinder,
        matching: Matching,
        erasing: Erasing,
        recorder: Recorder,
        settings: PeopleSettings,
    ) -> None:
        """Take what the methods need.

        Args:
            people: their rows.
            faces: the rows of their faces.
            finder: finds the faces of pictures.
            matching: finds people by faces.
            erasing: erases.
            recorder: counts what was used.
            settings: which faces are enrolled.
        """
        self._people = people
        self._faces = faces
        self._finder = finder
        self._matching = matching
        self._erasing = erasing
        self._recorder = recorder
        self._settings = settings

    async def CreatePerson(self, request: api.CreatePersonRequest, _context: Context) -> person_pb2.Person:
        """Create a person."""
        return person_message(await self._people.add(new_person(request, _tenant())))

    async def GetPerson(self, request: api.GetPersonRequest, _context: Context) -> person_pb2.Person:
        """Read a person."""
        return person_message(await self._people.get(_tenant(), names.parse(names.PERSONS, request.name)))

    async def ListPersons(self, request: api.ListPersonsRequest, _context: Context) -> api.ListPersonsResponse:
        """Read a page of people."""
        tenant, count = _tenant(), page_tokens.page_size(request.page_size)
        question = ("ListPersons", tenant, request.collection)
        collection = None if request.collection == _ANY else request.collection
        before = page_tokens.redeem_id(request.page_token, *question)
        rows = await self._people.list_page(tenant, collection, before=before, count=count + 1)
        token = page_tokens.issue(rows[count - 1].person_id.bytes, *question) if len(rows) > count else ""
        return api.ListPersonsResponse(persons=map(person_message, rows[:count]), next_page_token=token)

    async def UpdatePerson(self, request: api.UpdatePersonRequest, _context: Context) -> person_pb2.Person:
        """Change what is said of a person."""
        person_id = names.parse(names.PERSONS, request.person.name)
        return person_message(await self._people.update(_tenant(), person_id, person_change(request)))

    async def DeletePerson(self, request: api.DeletePersonRequest, _context: Context) -> person_pb2.ErasureReceipt:
        """Erase a person."""
        whom = Whom(_tenant(), names.parse(names.PERSONS, request.name))
        sources = request.erase_sources if request.HasField("erase_sources") else None
        return receipt_message(await self._erasing.erase(whom, Cause.REQUEST, sources=sources))

    async def GetErasureReceipt(
        self, request: api.GetErasureReceiptRequest, _context: Context
    ) -> person_pb2.ErasureReceipt:
        """Read the receipt of an erasure."""
        return receipt_message(await self._erasing.receipt(Whom(_tenant(), person_of_receipt(request.name))))

    async def AddFace(self, request: api.AddFaceRequest, _context: Context) -> api.AddFaceResponse:
        """Enrol a face of a picture."""
        tenant, person_id = _tenant(), names.parse(names.PERSONS, request.person)
        row = await self._earlier(request, tenant)
        if row is None:
            # Before anybody has work with the picture.
            await self._people.get(tenant, person_id)
            row = await self._enrol(request, tenant, person_id)
            self._recorder.note(tenant, "add_face", 1, 0)
        return api.AddFaceResponse(face=face_message(row))

    async def ListFaces(self, request: api.ListFacesRequest, _context: Context) -> api.ListFacesResponse:
        """Read a page of the faces of a person."""
        tenant, count = _tenant(), page_tokens.page_size(request.page_size)
        person_id = names.parse(names.PERSONS, request.parent)
        await self._people.get(tenant, person_id)
        question = ("ListFaces", tenant, request.parent)
        before = page_tokens.redeem_id(request.page_token, *question)
        rows = await self._faces.list_page(tenant, person_id, before=before, count=count + 1)
        token = page_tokens.issue(rows[count - 1].face_id.bytes, *question) if len(rows) > count else ""
        return api.ListFacesResponse(faces=map(face_message, rows[:count]), next_page_token=token)

    async def DeleteFace(self, request: api.DeleteFaceRequest, _context: Context) -> Empty:
        """Erase a face."""
        await self._faces.delete(_tenant(), *face_ids(request.name))
        return Empty()

    async def SearchFaces(self, request: api.SearchFacesRequest, _context: Context) -> api.SearchFacesResponse:
        """Find the people in a picture."""
        tenant = _tenant()
        found = await self._finder.look(request.image, request.max_faces or _FACES_MAX)
        self._recorder.note(tenant, "search_faces", 1, 0)
        answer = api.SearchFacesResponse(image_size=found.image_size)
        if not found.faces:
            return answer
        answer.model.CopyFrom(found.faces[0].embedding.model)
        space = Space(tenant, request.collection, bytes.fromhex(answer.model.sha256))
        answer.outdated_face_count = await self._matching.check(space)
        near = [await self._matching.match(space, _wanted(request, face)) for face in found.faces]
        known = await self._display_names(tenant, near)
        for face, people in zip(found.faces, near, strict=True):
            match = answer.matches.add(face=without_embedding(face))
            wanted = _wanted(request, face)
            match.candidates.extend(
                _candidate(one, known[one.person_id], wanted) for one in people if one.person_id in known
            )
        return answer

    async def _earlier(self, request: api.AddFaceRequest, tenant: str) -> EnrolledFace | None:
        """Give the face that an earlier call with the same request id has enrolled."""
        asked_id = request_id(request.request_id)
        earlier = await self._people.remembered(tenant, asked_id, digest(request)) if asked_id else None
        if earlier is None or earlier.face_id is None:
            return None
        return await self._faces.get(tenant, earlier.person_id, earlier.face_id)

    async def _enrol(self, request: api.AddFaceRequest, tenant: str, person_id: UUID) -> EnrolledFace:
        box = request.box if request.HasField("box") else None
        # Two show whether it is doubtful who is meant; where a box says it, any of them may be.
        found = await self._finder.look(request.image, 2 if box is None else 0)
        own = self._settings
        face = choose(found.faces, box, min_quality=own.min_quality, rival_share=own.rival_share)
        new = new_face(request, tenant, person_id, face, found.image_size)
        row = await self._faces.add(new, count_max=own.faces_per_person_max)
        if row is None and (row := await self._earlier(request, tenant)) is None:
            await self._people.get(tenant, person_id)
            raise limit_reached(person_id, own.faces_per_person_max)
        return row

    async def _display_names(self, tenant: str, near: Sequence[Sequence[Near]]) -> dict[UUID, str]:
        ids = {one.person_id for people in near for one in people}
        found = await self._people.find(tenant, ids) if ids else []
        return display_names(found, datetime.now(UTC))


def _tenant() -> str:
    return current_identity().tenant


def _wanted(request: api.SearchFacesRequest, face: Face) -> Wanted:
    least = request.min_similarity if request.HasField("min_similarity") else None
    return Wanted(face.embedding.values, face.embedding.threshold, least, request.max_matches or _MATCHES_DEFAULT)


def _candidate(one: Near, display_name: str, wanted: Wanted) -> api.SearchFacesResponse.Candidate:
    return api.SearchFacesResponse.Candidate(
        person=person_name(one.person_id),
        similarity=one.similarity,
        face=face_name(one.person_id, one.face_id),
        display_name=display_name,
        min_similarity=wanted.least(one),
    )
