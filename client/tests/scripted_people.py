"""PersonService of the scripted server: people in memory, and a search that finds them all."""

# ruff: noqa: N802 - methods have their names from the contract

from __future__ import annotations

import uuid
from typing import Any

from google.protobuf import empty_pb2
from scripted_calls import Script, not_found, paged

from sightline.v1 import person_pb2, person_service_pb2 as api, person_service_pb2_grpc
from sightline.v1.face_pb2 import Face, FaceQuality


class People(person_service_pb2_grpc.PersonServiceServicer):
    def __init__(self, script: Script) -> None:
        self.script = script

    async def person(self, name: str, context: Any) -> person_pb2.Person:
        if name not in self.script.persons:
            await not_found(context, name)
        return self.script.persons[name]

    async def CreatePerson(self, request, context):
        await self.script.enter("CreatePerson", request, context)
        made = person_pb2.Person(name=f"persons/{uuid.uuid5(uuid.NAMESPACE_OID, request.request_id)}")
        made.MergeFrom(request.person)
        self.script.persons[made.name] = made
        await self.script.leave("CreatePerson", context)
        return made

    async def GetPerson(self, request, context):
        await self.script.enter("GetPerson", request, context)
        return await self.person(request.name, context)

    async def ListPersons(self, request, context):
        await self.script.enter("ListPersons", request, context)
        found = [one for one in self.script.persons.values() if request.collection in ("-", one.collection)]
        page, token = paged(found, request.page_token)
        return api.ListPersonsResponse(persons=page, next_page_token=token)

    async def UpdatePerson(self, request, context):
        await self.script.enter("UpdatePerson", request, context)
        changed = await self.person(request.person.name, context)
        for path in request.update_mask.paths:
            changed.ClearField(path)
        changed.MergeFrom(request.person)
        return changed

    async def DeletePerson(self, request, context):
        await self.script.enter("DeletePerson", request, context)
        if request.name not in self.script.receipts:
            gone = await self.person(request.name, context)
            receipt = person_pb2.ErasureReceipt(person=gone.name, erased_vectors=gone.face_count)
            self.script.receipts[gone.name] = receipt
            del self.script.persons[gone.name]
        await self.script.leave("DeletePerson", context)
        return self.script.receipts[request.name]

    async def GetErasureReceipt(self, request, context):
        await self.script.enter("GetErasureReceipt", request, context)
        name = request.name.removesuffix("/erasureReceipt")
        if name not in self.script.receipts:
            await not_found(context, name)
        return self.script.receipts[name]

    async def AddFace(self, request, context):
        await self.script.enter("AddFace", request, context)
        person = await self.person(request.person, context)
        face = person_pb2.EnrolledFace(
            name=f"{person.name}/faces/{uuid.uuid5(uuid.NAMESPACE_OID, request.request_id)}",
            face=Face(box=request.box, quality=FaceQuality(score=0.9)),
        )
        if face.name not in {one.name for one in self.script.enrolled}:
            self.script.enrolled.append(face)
            person.face_count += 1
        await self.script.leave("AddFace", context)
        return api.AddFaceResponse(face=face)

    async def ListFaces(self, request, context):
        await self.script.enter("ListFaces", request, context)
        found = [one for one in self.script.enrolled if one.name.startswith(request.parent)]
        page, token = paged(found, request.page_token)
        return api.ListFacesResponse(faces=page, next_page_token=token)

    async def DeleteFace(self, request, context):
        await self.script.enter("DeleteFace", request, context)
        self.script.enrolled = [one for one in self.script.enrolled if one.name != request.name]
        return empty_pb2.Empty()

    async def SearchFaces(self, request, context):
        await self.script.enter("SearchFaces", request, context)
        found = [one for one in self.script.persons.values() if one.collection == request.collection]
        candidate = api.SearchFacesResponse.Candidate
        candidates = [candidate(person=one.name, display_name=one.display_name, similarity=0.8) for one in found]
        match = api.SearchFacesResponse.Match(candidates=candidates)
        return api.SearchFacesResponse(matches=[match], outdated_face_count=self.script.outdated)
