# Made from _async/faces.py by client/generate.py; never edited.
"""Faces in one picture, answered at once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sightline.client._sync.calls import Calls
from sightline.client._sync.waiting import run_blocking
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
    from sightline.v1.face_service_pb2_grpc import FaceServiceStub


class Faces:
    """Find, describe and compare faces. For many pictures or for video create jobs instead."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    @cached_property
    def _stub(self) -> FaceServiceStub:
        return face_service_pb2_grpc.FaceServiceStub(self._calls.channel)

    def detect(
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
        image = run_blocking(image_source, picture)
        options = face_options(min_score, max_faces, embeddings)
        request = DetectFacesRequest(image=image, options=options)
        return (self._calls.unary(self._stub.DetectFaces, request, timeout)).result

    def embed(
        self,
        picture: Picture,
        *,
        min_score: float | None = None,
        max_faces: int = 0,
        timeout: float | None = None,
    ) -> DetectFacesResult:
        """Find the faces in a picture and give the embedding of each; the arguments are those of `detect`."""
        image = run_blocking(image_source, picture)
        options = face_options(min_score, max_faces, embeddings=True)
        request = EmbedFacesRequest(image=image, options=options)
        return (self._calls.unary(self._stub.EmbedFaces, request, timeout)).result

    def compare(
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
            first=run_blocking(image_source, first),
            second=run_blocking(image_source, second),
            threshold=threshold,
        )
        return self._calls.unary(self._stub.CompareFaces, request, timeout)
