"""Faces of a picture with their vectors, as the face service finds them."""

from __future__ import annotations

from typing import Any

import grpc

from sightline.common.rpc import outgoing_metadata, outgoing_timeout
from sightline.common.rpc.forward import Guard
from sightline.gateway.kinds import FACE, not_served
from sightline.v1 import face_service_pb2_grpc
from sightline.v1.face_pb2 import DetectFacesOptions, DetectFacesResult
from sightline.v1.face_service_pb2 import EmbedFacesRequest
from sightline.v1.image_pb2 import ImageSource

_TIMEOUT_SECONDS = 60.0


class FaceFinder:
    """Asks the face service on behalf of the current call."""

    def __init__(self, channel: grpc.aio.Channel | None, guard: Guard | None) -> None:
        """Take the way to the service.

        Args:
            channel: leads to it; None where it is not configured.
            guard: what each call is made within.
        """
        self._stub: Any = face_service_pb2_grpc.FaceServiceStub(channel) if channel is not None else None
        self._guard = guard

    async def look(self, image: ImageSource, max_faces: int) -> DetectFacesResult:
        """Find the faces of a picture and embed each.

        Args:
            image: the picture, or the media it is in.
            max_faces: most faces, the largest first; 0 for all.

        Raises:
            SightlineError: what the service says, or KIND_NOT_SERVED where there is none.
        """
        if self._stub is None or self._guard is None:
            raise not_served(FACE, f"people need the service '{FACE}', which is not configured here")
        request = EmbedFacesRequest(image=image, options=DetectFacesOptions(max_faces=max_faces))
        with self._guard():
            answer = await self._stub.EmbedFaces(
                request, timeout=outgoing_timeout(_TIMEOUT_SECONDS), metadata=outgoing_metadata()
            )
        result: DetectFacesResult = answer.result
        return result
