"""People as tests enrol them: pictures whose faces a test says, and calls of PersonService."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import numpy as np
import pytest

from sightline.common.errors import SightlineError
from sightline.common.rpc import current_identity, from_rpc_error
from sightline.v1 import (
    face_pb2,
    face_service_pb2,
    face_service_pb2_grpc,
    person_pb2,
    person_service_pb2 as api,
    person_service_pb2_grpc,
)
from sightline.v1.face_pb2 import Face
from sightline.v1.geometry_pb2 import ImageSize, NormalizedBox
from sightline.v1.model_pb2 import ModelInfo

MODEL = ModelInfo(name="embedder", version="1", sha256="ab" * 32)
NEWER = ModelInfo(name="embedder", version="2", sha256="cd" * 32)
WHERE = NormalizedBox(left=0.1, top=0.1, right=0.5, bottom=0.5)
Call = Callable[..., Awaitable[Any]]


def vector(seed: int, of: int | None = None, noise: float = 0.4) -> Any:
    """A random direction, or one that is near another."""
    own = np.random.default_rng(seed).standard_normal(512)
    own /= np.linalg.norm(own)
    both = own if of is None else vector(of) + noise * own
    return both / np.linalg.norm(both)


def a_face(values: Any, *, model: ModelInfo = MODEL, box: NormalizedBox = WHERE, **quality: float) -> Face:
    embedding = face_pb2.FaceEmbedding(values=values.tolist(), model=model, threshold=0.4)
    assessed = {"score": 0.9, "eye_distance_px": 60.0, "sharpness": 1.0, **quality}
    return Face(box=box, score=0.9, embedding=embedding, quality=face_pb2.FaceQuality(**assessed))


class Camera(face_service_pb2_grpc.FaceServiceServicer):
    """A face service that sees in each picture what a test has put there; a picture is its own name.

    It looks as soon as `open` is set.
    """

    def __init__(self) -> None:
        self.pictures: dict[str, list[Face]] = {}
        self.asked: list[tuple[str, str]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def EmbedFaces(self, request: Any, _context: Any) -> face_service_pb2.EmbedFacesResponse:  # noqa: N802
        name = request.image.media or request.image.content.decode()
        self.asked.append((current_identity().tenant, name))
        await self.open.wait()
        faces = self.pictures.get(name, [])[: request.options.max_faces or None]
        result = face_pb2.DetectFacesResult(faces=faces, image_size=ImageSize(width_px=640, height_px=480))
        return face_service_pb2.EmbedFacesResponse(result=result)


def caller(client: Any) -> Call:
    stub = person_service_pb2_grpc.PersonServiceStub(client.channel)

    async def call(method: str, request: Any) -> Any:
        return await getattr(stub, method)(request, metadata=client.metadata, timeout=30)

    return call


async def refusal(call: Awaitable[Any]) -> SightlineError:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return from_rpc_error(raised.value)


def somebody(request_id: str = "", **changes: Any) -> api.CreatePersonRequest:
    fields = {"display_name": "Marie", "consent": "form 7", "purpose": "the door", **changes}
    return api.CreatePersonRequest(person=person_pb2.Person(**fields), request_id=request_id)


async def until(done: Callable[[], Awaitable[Any]], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not await done():
            await asyncio.sleep(0.05)
