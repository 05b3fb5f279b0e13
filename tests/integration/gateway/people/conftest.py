"""A gateway before a face service that sees in each picture what a test has put there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pytest
from enrolment import Call, Camera, caller
from opentelemetry.trace import NoOpTracerProvider

from sightline.common.rpc import RpcServer, admit_forwarded
from sightline.common.settings import RpcSettings
from sightline.common.telemetry import Metrics, Readiness
from sightline.gateway.settings import AnalysisServices, PeopleSettings, Settings
from sightline.v1 import (
    face_service_pb2_grpc,
)
from sightline.v1.face_pb2 import Face
from sightline.v1.image_pb2 import ImageSource


@pytest.fixture
async def camera() -> AsyncIterator[tuple[Camera, str]]:
    """The face service, and where it is."""
    service = Camera()
    server = RpcServer(
        RpcSettings(drain_seconds=0.2), Metrics(), NoOpTracerProvider(), Readiness({}), admit=admit_forwarded
    )
    server.add(face_service_pb2_grpc.add_FaceServiceServicer_to_server, service)
    async with server:
        yield service, f"127.0.0.1:{server.port}"


@pytest.fixture
def settings(settings: Settings, camera: tuple[Camera, str]) -> Settings:
    """A gateway before the face service of the test, which clears up without delay."""
    people = PeopleSettings(compact_seconds=0.1, faces_per_person_max=3)
    return settings.model_copy(update={"services": AnalysisServices(face=camera[1]), "people": people})


@pytest.fixture
def sees(camera: tuple[Camera, str]) -> Callable[..., ImageSource]:
    """Makes pictures with faces in them."""

    def put(*faces: Face, media: str = "") -> ImageSource:
        name = media or str(uuid4())
        camera[0].pictures[name] = list(faces)
        return ImageSource(media=media) if media else ImageSource(content=name.encode())

    return put


@pytest.fixture
def people(client: Any) -> Call:
    """Calls methods of PersonService."""
    return caller(client)
