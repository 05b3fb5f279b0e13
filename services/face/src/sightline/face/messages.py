"""Faces as messages: pixels become fractions of the picture, vectors name their model."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.common.media import Image
from sightline.common.models import ModelEntry
from sightline.face.analysis import Comparison, DetectOptions, Face
from sightline.face.quality import Quality
from sightline.v1 import face_pb2, face_service_pb2
from sightline.v1.geometry_pb2 import ImageSize, NormalizedBox, NormalizedPoint
from sightline.v1.model_pb2 import ModelInfo

_LANDMARKS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")


def detect_options(message: face_pb2.DetectFacesOptions) -> DetectOptions:
    """Read the options of a call or a job."""
    return DetectOptions(message.min_score if message.HasField("min_score") else None, message.max_faces)


def detect_result(
    faces: Sequence[Face], image: Image, detector: ModelEntry, embedder: ModelEntry
) -> face_pb2.DetectFacesResult:
    """Say what was found in a picture, in the order it was found."""
    return face_pb2.DetectFacesResult(
        faces=[_face(face, image, embedder) for face in faces], image_size=_size(image), detector=_model(detector)
    )


def comparison(
    compared: Comparison, first: Image, second: Image, embedder: ModelEntry
) -> face_service_pb2.CompareFacesResponse:
    """Say how alike two faces are."""
    return face_service_pb2.CompareFacesResponse(
        similarity=compared.similarity,
        same_person=compared.same_person,
        threshold=compared.threshold,
        first=_face(compared.first, first, None),
        second=_face(compared.second, second, None),
        first_image_size=_size(first),
        second_image_size=_size(second),
        embedder=_model(embedder),
    )


def _face(face: Face, image: Image, embedder: ModelEntry | None) -> face_pb2.Face:
    left, top, right, bottom = face.box
    width, height = image.width_px, image.height_px
    message = face_pb2.Face(
        box=NormalizedBox(left=left / width, top=top / height, right=right / width, bottom=bottom / height),
        score=face.score,
        landmarks=face_pb2.FaceLandmarks(
            **{
                name: NormalizedPoint(x=float(x) / width, y=float(y) / height)
                for name, (x, y) in zip(_LANDMARKS, face.landmarks, strict=True)
            }
        ),
    )
    if face.quality is not None:
        message.quality.CopyFrom(_quality(face.quality))
    if face.embedding is not None and embedder is not None:
        message.embedding.values.extend(face.embedding.tolist())
        message.embedding.model.CopyFrom(_model(embedder))
    return message


def _quality(quality: Quality) -> face_pb2.FaceQuality:
    return face_pb2.FaceQuality(
        score=quality.score,
        eye_distance_px=quality.eye_distance_px,
        sharpness=quality.sharpness,
        yaw_degrees=quality.yaw_degrees,
        roll_degrees=quality.roll_degrees,
    )


def _size(image: Image) -> ImageSize:
    return ImageSize(width_px=image.width_px, height_px=image.height_px)


def _model(entry: ModelEntry) -> ModelInfo:
    return ModelInfo(name=entry.name, version=entry.version, sha256=entry.sha256)
