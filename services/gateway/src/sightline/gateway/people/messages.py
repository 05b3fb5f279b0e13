"""People, faces and receipts as clients see them; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sightline.common.errors import NotFound
from sightline.common.state.erasures import Erasure
from sightline.common.state.faces import EnrolledFace
from sightline.common.state.people import Person
from sightline.gateway import names
from sightline.gateway.times import timestamp
from sightline.v1 import face_pb2, person_pb2
from sightline.v1.geometry_pb2 import ImageSize
from sightline.v1.model_pb2 import ModelInfo

_FACES, _RECEIPT = "faces", "erasureReceipt"


def person_name(person_id: UUID) -> str:
    """Write the name of a person."""
    return f"{names.PERSONS}/{person_id}"


def face_name(person_id: UUID, face_id: UUID) -> str:
    """Write the name of an enrolled face."""
    return f"{person_name(person_id)}/{_FACES}/{face_id}"


def face_ids(name: str) -> tuple[UUID, UUID]:
    """Read the ids of the person and of the face in a name.

    Raises:
        NotFound: the name can't be one of ours.
    """
    parent, _, last = name.partition(f"/{_FACES}/")
    try:
        return names.parse(names.PERSONS, parent), names.parse(_FACES, f"{_FACES}/{last}")
    except NotFound:
        raise NotFound(name) from None


def person_of_receipt(name: str) -> UUID:
    """Read the id of the person in the name of a receipt.

    Raises:
        NotFound: the name can't be one of ours.
    """
    try:
        return names.parse(names.PERSONS, name.removesuffix(f"/{_RECEIPT}"))
    except NotFound:
        raise NotFound(name) from None


def person_message(row: Person) -> person_pb2.Person:
    """Write a person."""
    return person_pb2.Person(
        name=person_name(row.person_id),
        display_name=row.display_name,
        consent=row.consent,
        purpose=row.purpose,
        expire_time=timestamp(row.expire_time),
        create_time=timestamp(row.create_time),
        update_time=timestamp(row.update_time),
        face_count=row.face_count,
        collection=row.collection,
        erase_sources=row.erase_sources,
    )


def display_names(people: Iterable[Person], now: datetime) -> dict[UUID, str]:
    """Give what people are called who may still be found: not those whose time has come, erased already or not."""
    return {
        person.person_id: person.display_name
        for person in people
        if person.expire_time is None or person.expire_time > now
    }


def face_message(row: EnrolledFace) -> person_pb2.EnrolledFace:
    """Write an enrolled face, without its vector."""
    model = ModelInfo(name=row.model_name, version=row.model_version, sha256=row.model_sha256.hex())
    return person_pb2.EnrolledFace(
        name=face_name(row.person_id, row.face_id),
        face=face_pb2.Face.FromString(row.face),
        model=model,
        image_size=ImageSize(width_px=row.width_px, height_px=row.height_px),
        media=f"{names.MEDIA}/{row.media_id}" if row.media_id else "",
        create_time=timestamp(row.create_time),
    )


def receipt_message(row: Erasure) -> person_pb2.ErasureReceipt:
    """Write a receipt."""
    return person_pb2.ErasureReceipt(
        name=f"{person_name(row.person_id)}/{_RECEIPT}",
        person=person_name(row.person_id),
        cause=person_pb2.ErasureReceipt.Cause.ValueType(row.cause),
        erased_vectors=row.erased_vectors,
        erased_blobs=row.erased_blobs,
        erased_results=row.erased_results,
        erase_time=timestamp(row.erase_time),
        compact_time=timestamp(row.compact_time),
    )


def without_embedding(face: face_pb2.Face) -> face_pb2.Face:
    """Give a face as it may be stored and shown."""
    shown = face_pb2.Face()
    shown.CopyFrom(face)
    shown.ClearField("embedding")
    return shown
