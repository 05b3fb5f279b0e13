"""FaceService and ObjectService of the scripted server: they see in every picture what the script says."""

# ruff: noqa: N802 - methods have their names from the contract

from __future__ import annotations

from scripted_calls import Script, paged

from sightline.v1 import (
    face_pb2,
    face_service_pb2,
    face_service_pb2_grpc,
    object_pb2,
    object_service_pb2,
    object_service_pb2_grpc,
)


class Faces(face_service_pb2_grpc.FaceServiceServicer):
    def __init__(self, script: Script) -> None:
        self.script = script

    async def DetectFaces(self, request, context):
        await self.script.enter("DetectFaces", request, context)
        return face_service_pb2.DetectFacesResponse(result=found(self.script))

    async def EmbedFaces(self, request, context):
        await self.script.enter("EmbedFaces", request, context)
        return face_service_pb2.EmbedFacesResponse(result=found(self.script))

    async def CompareFaces(self, request, context):
        await self.script.enter("CompareFaces", request, context)
        threshold = request.threshold if request.HasField("threshold") else 0.4
        similarity = self.script.similarity
        return face_service_pb2.CompareFacesResponse(
            similarity=similarity, threshold=threshold, same_person=similarity >= threshold
        )


def found(script: Script) -> face_pb2.DetectFacesResult:
    return face_pb2.DetectFacesResult(faces=script.faces, image_size={"width_px": 200, "height_px": 100})


class Objects(object_service_pb2_grpc.ObjectServiceServicer):
    def __init__(self, script: Script) -> None:
        self.script = script

    async def DetectObjects(self, request, context):
        await self.script.enter("DetectObjects", request, context)
        return object_service_pb2.DetectObjectsResponse(result=seen(self.script))

    async def SegmentImage(self, request, context):
        await self.script.enter("SegmentImage", request, context)
        return object_service_pb2.SegmentImageResponse(result=segmented(self.script))

    async def ListModels(self, request, context):
        await self.script.enter("ListModels", request, context)
        page, token = paged([{"name": name} for name in ("cells", "people", "spheroids")], request.page_token)
        return object_service_pb2.ListModelsResponse(models=page, next_page_token=token)


def seen(script: Script) -> object_pb2.DetectObjectsResult:
    return object_pb2.DetectObjectsResult(objects=script.objects, image_size={"width_px": 200, "height_px": 100})


def segmented(script: Script) -> object_pb2.SegmentResult:
    return object_pb2.SegmentResult(segments=script.segments, image_size={"width_px": 200, "height_px": 100})
