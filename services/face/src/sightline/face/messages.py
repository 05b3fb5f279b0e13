"""Faces as messages: pixels become fractions of the picture, vectors name their model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sightline.common.media import Image
from sightline.common.media.saying import Size, image_size, model_info, normalized
from sightline.common.models import ModelEntry
from sightline.face.analysis import Comparison, DetectOptions, Face
from sightline.face.attributes import Attributes
from sightline.face.quality import Quality
from sightline.v1 import face_pb2, face_service_pb2
from sightline.v1.geometry_pb2 import NormalizedPoint

_LANDMARKS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")


def detect_options(message: face_pb2.DetectFacesOptions) -> DetectOptions:
    """Read the options of a call or a job."""
    return DetectOptions(message.min_score if message.HasField("min_score") else None, message.max_faces)


def detect_result(
    faces: Sequence[Face], image: Image, detector: ModelEntry, embedder: ModelEntry
) -> face_pb2.DetectFacesResult:
    """Say what was found in a picture, in the order it was found."""
    return face_pb2.DetectFacesResult(
        faces=[face_message(face, _pixels(image), embedder) for face in faces],
        image_size=image_size(_pixels(image)),
        detector=model_info(detector),
    )


def comparison(
    compared: Comparison, first: Image, second: Image, embedder: ModelEntry
) -> face_service_pb2.CompareFacesResponse:
    """Say how alike two faces are."""
    return face_service_pb2.CompareFacesResponse(
        similarity=compared.similarity,
        same_person=compared.same_person,
        threshold=compared.threshold,
        first=face_message(compared.first, _pixels(first), None),
        second=face_message(compared.second, _pixels(second), None),
        first_image_size=image_size(_pixels(first)),
        second_image_size=image_size(_pixels(second)),
        embedder=model_info(embedder),
    )


def face_message(face: Face, size: Size, embedder: ModelEntry | None) -> face_pb2.Face:
    """Say all that is known of a face; the embedding only where its model is named."""
    width, height = size
    message = face_pb2.Face(
        box=normalized(face.box, size),
        score=face.score,
        landmarks=face_pb2.FaceLandmarks(
            **{
                name: NormalizedPoint(x=x / width, y=y / height)
                for name, (x, y) in zip(_LANDMARKS, face.landmarks.tolist(), strict=True)
            }
        ),
    )
    if face.quality is not None:
        message.quality.CopyFrom(_quality(face.quality))
    if face.attributes is not None:
        message.attributes.CopyFrom(_attributes(face.attributes))
    if face.embedding is not None and embedder is not None:
        message.embedding.CopyFrom(embedding(face.embedding, embedder))
        if embedder.thresholds is not None:
            message.embedding.threshold = embedder.thresholds.strict if face.weak else embedder.thresholds.ordinary
    return message


def embedding(values: NDArray[np.float32], embedder: ModelEntry) -> face_pb2.FaceEmbedding:
    """Give a vector together with the model that made it."""
    return face_pb2.FaceEmbedding(values=values.tolist(), model=model_info(embedder))


def _quality(quality: Quality) -> face_pb2.FaceQuality:
    return face_pb2.FaceQuality(
        score=quality.score,
        eye_distance_px=quality.eye_distance_px,
        sharpness=quality.sharpness,
        yaw_degrees=quality.yaw_degrees,
        roll_degrees=quality.roll_degrees,
    )


def _attributes(attributes: Attributes) -> face_pb2.FaceAttributes:
    sex = face_pb2.FaceAttributes.SEX_FEMALE if attributes.female else face_pb2.FaceAttributes.SEX_MALE
    return face_pb2.FaceAttributes(age_years=attributes.age_years, sex=sex, model=model_info(attributes.model))


def _pixels(image: Image) -> Size:
    return image.width_px, image.height_px
