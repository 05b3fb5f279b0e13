"""Puts the parts of people together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import grpc

from sightline.common.rpc.forward import Guard
from sightline.common.state.database import Database
from sightline.common.state.erasures import Erasures
from sightline.common.state.faces import Faces
from sightline.common.state.people import People
from sightline.common.telemetry import Metrics
from sightline.gateway.duties import Duty
from sightline.gateway.media_store import MediaStore
from sightline.gateway.people.erasing import Erasing
from sightline.gateway.people.finding import FaceFinder
from sightline.gateway.people.matching import Matching
from sightline.gateway.people.servicer import PersonServicer
from sightline.gateway.quotas.recorder import Recorder
from sightline.gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class PersonParts:
    """What the gateway runs.

    Attributes:
        servicer: answers calls.
        duties: what the leading gateway does.
        close: ends what runs beside them.
    """

    servicer: PersonServicer
    duties: Sequence[Duty]
    close: Callable[[], Awaitable[None]]


def build_people(
    settings: Settings,
    database: Database,
    metrics: Metrics,
    *,
    store: MediaStore,
    recorder: Recorder,
    channel: grpc.aio.Channel | None,
    guard: Guard | None,
) -> PersonParts:
    """Build what knows people; nothing of it runs yet.

    Args:
        settings: of the gateway.
        database: with people and faces.
        metrics: counts.
        store: has the files that are erased with people.
        recorder: counts what was used.
        channel: leads to the face service; None where it is not configured.
        guard: what calls of it are made within.
    """
    own, upkeep = settings.people, settings.housekeeping
    people, faces = People(database), Faces(database)
    erasing = Erasing(Erasures(database), store, metrics, upkeep.purge_max)
    servicer = PersonServicer(
        people,
        faces,
        finder=FaceFinder(channel, guard),
        matching=Matching(faces, own.ef_search),
        erasing=erasing,
        recorder=recorder,
        settings=own,
    )

    async def purge_requests() -> bool:
        purged = await people.purge_requests(older_seconds=upkeep.request_id_seconds, count=upkeep.purge_max)
        return purged == upkeep.purge_max

    duties = [
        Duty("erase_expired_people", upkeep.purge_seconds, erasing.expire),
        Duty("finish_erasures", upkeep.purge_seconds, erasing.finish),
        Duty("compact_faces", own.compact_seconds, erasing.compact),
        Duty("purge_person_request_ids", upkeep.purge_seconds, purge_requests),
    ]
    return PersonParts(servicer, duties, erasing.close)
