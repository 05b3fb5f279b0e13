"""Faces in one picture, answered at once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sightline.client._async.calls import AsyncCalls
from sightline.client._async.waiting import run_blocking
from sightline.client.pictures import Picture, image_source
from sightline.client.requests import face_options
from sightline.v1 import face_service_pb2_grpc
from sightline.v1.face_pb2 import DetectFacesResult
from sightline.v1.face_service_pb2 import (
    CompareFacesRequest,
    CompareFacesResponse,
    DetectFacesRequest,
    EmbedFacesRequest,
)

if TYPE_CHECKING:
    from sightline.v1.face_service_pb2_grpc import FaceServiceAsyncStub


class AsyncFaces:
    """Find, describe and compare faces. For many pictures or for video create jobs instead."""

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls

    @cached_property
    def _stub(self) -> FaceServiceAsyncStub:
        return face_service_pb2_grpc.FaceServiceStub(self._calls.channel)

    async def detect(
        self,
        picture: Picture,
        *,
        min_score: float | None = None,
        max_faces: int = 0,
        embeddings: bool = False,
        timeout: float | None = None,
    ) -> DetectFacesResult:
        """Find the faces in a picture.

        Args:
            picture: the path of a file, its bytes, pixels (uint8, height x width x 3, BGR), uploaded media or
                its name.
            min_score: least score of a face that is returned, 0 to 1; None leaves it to the model.
            max_faces: most faces returned, the largest first; 0 means all.
            embeddings: whether each face carries its embedding.
            timeout: how many seconds the call may take; None allows the client's own.

        Returns:
            The faces, the largest first; none is a valid answer.

        Raises:
            MediaRejected: the bytes are no picture that can be analysed.
            SightlineError: the call failed.
        """
        image = await run_blocking(image_source, picture)
        options = face_options(min_score, max_faces, embeddings)
        request = DetectFacesRequest(image=image, options=options)
        return (await self._calls.unary(self._stub.DetectFaces, request, timeout)).result

    async def embed(
        self,
        picture: Picture,
        *,
        min_score: float | None = None,
        max_faces: int = 0,
        timeout: float | None = None,
    ) -> DetectFacesResult:
        """Find the faces in a picture and give the embedding of each; the arguments are those of `detect`."""
        image = await run_blocking(image_source, picture)
        options = face_options(min_score, max_faces, embeddings=True)
        request = EmbedFacesRequest(image=image, options=options)
        return (await self._calls.unary(self._stub.EmbedFaces, request, timeout)).result

    async def compare(
        self, first: Picture, second: Picture, *, threshold: float | None = None, timeout: float | None = None
    ) -> CompareFacesResponse:
        """Say how alike the largest faces of two pictures are, and whether they are one person's.

        Args:
            first: a picture, as in `detect`.
            second: another one.
            threshold: least similarity of one person's faces, -1 to 1; None leaves it to the model.
            timeout: how many seconds the call may take; None allows the client's own.

        Raises:
            MediaRejected: one of the two is no picture, or has no face in it.
            SightlineError: the call failed.
        """
        request = CompareFacesRequest(
            first=await run_blocking(image_source, first),
            second=await run_blocking(image_source, second),
            threshold=threshold,
        )
        return await self._calls.unary(self._stub.CompareFaces, request, timeout)
