"""People who are known by their faces, and the search for them."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import AsyncIterator
from functools import cached_property
from typing import TYPE_CHECKING

from google.protobuf.field_mask_pb2 import FieldMask

from sightline.client._async.calls import AsyncCalls
from sightline.client._async.waiting import run_blocking
from sightline.client.names import person_name
from sightline.client.pictures import Picture, image_source
from sightline.client.requests import new_person, person_changes
from sightline.v1 import person_service_pb2_grpc
from sightline.v1.geometry_pb2 import NormalizedBox
from sightline.v1.person_pb2 import EnrolledFace, ErasureReceipt, Person
from sightline.v1.person_service_pb2 import (
    AddFaceRequest,
    CreatePersonRequest,
    DeleteFaceRequest,
    DeletePersonRequest,
    GetErasureReceiptRequest,
    GetPersonRequest,
    ListFacesRequest,
    ListPersonsRequest,
    SearchFacesRequest,
    SearchFacesResponse,
    UpdatePersonRequest,
)

if TYPE_CHECKING:
    from sightline.v1.person_service_pb2_grpc import PersonServiceAsyncStub


class AsyncPeople:
    """Enrol people by their faces, find them in pictures, and erase them."""

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls

    @cached_property
    def _stub(self) -> PersonServiceAsyncStub:
        return person_service_pb2_grpc.PersonServiceStub(self._calls.channel)

    async def create(
        self,
        name: str,
        *,
        consent: str,
        purpose: str,
        collection: str = "",
        expires: datetime.datetime | None = None,
        erase_sources: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> Person:
        """Create a person without a face.

        Args:
            name: what to call the person.
            consent: on what ground the faces are kept, such as a reference to a form.
            purpose: what they are kept for.
            collection: which people are searched together; empty for the default collection.
            expires: when the person is erased; a time without a zone is local. None for never.
            erase_sources: whether media that faces were enrolled from are erased with the person.
            request_id: a UUID that makes the call safe to repeat; made up if it is not given.
            timeout: how many seconds the call may take; None allows the client's own.

        Raises:
            InvalidRequest: consent or purpose is missing, say.
        """
        person = new_person(
            name, consent=consent, purpose=purpose, collection=collection, expires=expires, erase_sources=erase_sources
        )
        request = CreatePersonRequest(person=person, request_id=request_id or str(uuid.uuid4()))
        return await self._calls.unary(self._stub.CreatePerson, request, timeout)

    async def get(self, person: Person | str, *, timeout: float | None = None) -> Person:
        """Get a person.

        Raises:
            NotFound: there is none of this name.
        """
        request = GetPersonRequest(name=person_name(person))
        return await self._calls.unary(self._stub.GetPerson, request, timeout)

    async def list(
        self, collection: str = "", *, page_size: int = 0, timeout: float | None = None
    ) -> AsyncIterator[Person]:
        """Go through the people of a collection, `-` for all of them, the newest first, page by page."""
        request = ListPersonsRequest(collection=collection, page_size=page_size)
        while True:
            page = await self._calls.unary(self._stub.ListPersons, request, timeout)
            for person in page.persons:
                yield person
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return

    async def update(
        self,
        person: Person | str,
        *,
        name: str | None = None,
        consent: str | None = None,
        purpose: str | None = None,
        expires: datetime.datetime | None = None,
        never_expires: bool = False,
        erase_sources: bool | None = None,
        timeout: float | None = None,
    ) -> Person:
        """Change what is given of a person; the rest stays as it is.

        Raises:
            NotFound: there is none of this name.
            InvalidRequest: something can't be changed to nothing.
        """
        change, fields = person_changes(
            expires, never_expires, display_name=name, consent=consent, purpose=purpose, erase_sources=erase_sources
        )
        change.name = person_name(person)
        request = UpdatePersonRequest(person=change, update_mask=FieldMask(paths=fields))
        return await self._calls.unary(self._stub.UpdatePerson, request, timeout)

    async def delete(
        self, person: Person | str, *, erase_sources: bool | None = None, timeout: float | None = None
    ) -> ErasureReceipt:
        """Erase a person with every vector; safe to repeat, the receipt is the same.

        Args:
            person: the person, or the name.
            erase_sources: whether media that faces were enrolled from go too, and the jobs on them; None for what
                the person says.
            timeout: how many seconds the call may take; None allows the client's own.

        Raises:
            NotFound: there is none of this name, and there was none.
        """
        request = DeletePersonRequest(name=person_name(person), erase_sources=erase_sources)
        return await self._calls.unary(self._stub.DeletePerson, request, timeout)

    async def receipt(self, person: Person | str, *, timeout: float | None = None) -> ErasureReceipt:
        """Get the receipt of an erasure, also that of a person who has expired.

        Raises:
            NotFound: nobody of this name was erased.
        """
        request = GetErasureReceiptRequest(name=f"{person_name(person)}/erasureReceipt")
        return await self._calls.unary(self._stub.GetErasureReceipt, request, timeout)

    async def add_face(
        self,
        person: Person | str,
        picture: Picture,
        *,
        box: NormalizedBox | None = None,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> EnrolledFace:
        """Enrol a face of a picture.

        Args:
            person: whose it is.
            picture: the path of a file, its bytes, pixels (uint8, height x width x 3, BGR), uploaded media or its name.
            box: where the face is, for a picture with several; the largest if it is not given.
            request_id: a UUID that makes the call safe to repeat; made up if it is not given.
            timeout: how many seconds the call may take; None allows the client's own.

        Raises:
            MediaRejected: there is no face, or none that somebody could be told by; `reason` says what is wrong.
            NotFound: there is no such person.
        """
        image = await run_blocking(image_source, picture)
        asked_id = request_id or str(uuid.uuid4())
        request = AddFaceRequest(person=person_name(person), image=image, box=box, request_id=asked_id)
        return (await self._calls.unary(self._stub.AddFace, request, timeout)).face

    async def faces(
        self, person: Person | str, *, page_size: int = 0, timeout: float | None = None
    ) -> AsyncIterator[EnrolledFace]:
        """Go through the enrolled faces of a person, the newest first; pages are fetched as they are needed.

        Raises:
            NotFound: there is no such person.
        """
        request = ListFacesRequest(parent=person_name(person), page_size=page_size)
        while True:
            page = await self._calls.unary(self._stub.ListFaces, request, timeout)
            for face in page.faces:
                yield face
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return

    async def delete_face(self, face: EnrolledFace | str, *, timeout: float | None = None) -> None:
        """Erase one face by its full name, `persons/{id}/faces/{id}`; tried once.

        Raises:
            NotFound: there is none of this name.
        """
        name = face if isinstance(face, str) else face.name
        await self._calls.once(self._stub.DeleteFace, DeleteFaceRequest(name=name), timeout)

    async def search(
        self,
        picture: Picture,
        collection: str = "",
        *,
        max_matches: int = 0,
        min_similarity: float | None = None,
        max_faces: int = 0,
        timeout: float | None = None,
    ) -> SearchFacesResponse:
        """Find the people in a picture.

        Args:
            picture: as in `add_face`.
            collection: which people are looked through; empty for the default collection.
            max_matches: most people named for each face; 0 means 5.
            min_similarity: least similarity of who is named, -1 to 1; None leaves it to the model.
            max_faces: most faces of the picture that are looked for, the largest first; 0 means 100.
            timeout: how many seconds the call may take; None allows the client's own.

        Raises:
            MediaRejected: the bytes are no picture that can be analysed.
            SightlineError: the call failed.
        """
        request = SearchFacesRequest(
            image=await run_blocking(image_source, picture),
            collection=collection,
            max_matches=max_matches,
            min_similarity=min_similarity,
            max_faces=max_faces,
        )
        return await self._calls.unary(self._stub.SearchFaces, request, timeout)
