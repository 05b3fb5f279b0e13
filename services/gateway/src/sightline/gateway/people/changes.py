"""What requests ask for, as the state stores it; pure."""

from __future__ import annotations

import hashlib
from datetime import UTC
from uuid import UUID

from google.protobuf.message import Message

from sightline.common.errors import FieldViolation, InvalidRequest
from sightline.common.state.faces import NewFace
from sightline.common.state.identifiers import uuid7
from sightline.common.state.people import NewPerson, PersonChange
from sightline.gateway import names, update_masks
from sightline.gateway.people.messages import without_embedding
from sightline.v1 import person_service_pb2 as api
from sightline.v1.face_pb2 import Face
from sightline.v1.geometry_pb2 import ImageSize

_FIELDS = ("display_name", "consent", "purpose", "expire_time", "erase_sources")
_NEEDED = ("display_name", "consent", "purpose")


def new_person(request: api.CreatePersonRequest, tenant: str) -> NewPerson:
    """Make a person of a request that was validated."""
    asked = request.person
    return NewPerson(
        tenant=tenant,
        person_id=uuid7(),
        collection=asked.collection,
        display_name=asked.display_name,
        consent=asked.consent,
        purpose=asked.purpose,
        erase_sources=asked.erase_sources,
        expire_time=asked.expire_time.ToDatetime(UTC) if asked.HasField("expire_time") else None,
        request_id=request_id(request.request_id),
        body_sha256=digest(request),
    )


def person_change(request: api.UpdatePersonRequest) -> PersonChange:
    """Make a change of the fields that the mask names; without a mask, of those that are set.

    Raises:
        InvalidRequest: a field can't be changed, or not to nothing.
    """
    asked, fields = request.person, update_masks.named(request.update_mask, request.person, _FIELDS)
    for field in _NEEDED:
        if field in fields and not getattr(asked, field):
            raise _invalid(f"person.{field}", "can't be empty")
    return PersonChange(
        display_name=asked.display_name if "display_name" in fields else None,
        consent=asked.consent if "consent" in fields else None,
        purpose=asked.purpose if "purpose" in fields else None,
        erase_sources=asked.erase_sources if "erase_sources" in fields else None,
        expires="expire_time" in fields,
        expire_time=asked.expire_time.ToDatetime(UTC) if asked.HasField("expire_time") else None,
    )


def new_face(request: api.AddFaceRequest, tenant: str, person_id: UUID, face: Face, size: ImageSize) -> NewFace:
    """Make a face to enrol of what was found in the picture of a request."""
    model, source = face.embedding.model, request.image
    return NewFace(
        tenant=tenant,
        person_id=person_id,
        face_id=uuid7(),
        model_sha256=bytes.fromhex(model.sha256),
        model_name=model.name,
        model_version=model.version,
        embedding=list(face.embedding.values),
        threshold=face.embedding.threshold,
        face=without_embedding(face).SerializeToString(deterministic=True),
        width_px=size.width_px,
        height_px=size.height_px,
        media_id=names.parse(names.MEDIA, source.media) if source.media else None,
        request_id=request_id(request.request_id),
        body_sha256=digest(request),
    )


def request_id(text: str) -> UUID | None:
    """Read a request id, if there is one."""
    return UUID(text) if text else None


def digest(request: Message) -> bytes:
    """Tell a repeat of a request from another one with the same request id."""
    return hashlib.sha256(request.SerializeToString(deterministic=True)).digest()


def _invalid(field: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {message}", [FieldViolation(field, message)])
