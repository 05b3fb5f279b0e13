"""Objects as messages: pixels become fractions of the picture."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.common.media import Image
from sightline.object.detector import Box, DetectedObject
from sightline.object.identity import ModelIdentity
from sightline.object.options import DetectOptions
from sightline.v1 import object_pb2
from sightline.v1.geometry_pb2 import ImageSize, NormalizedBox, NormalizedPoint
from sightline.v1.model_pb2 import ModelInfo


def detect_options(message: object_pb2.DetectObjectsOptions) -> DetectOptions:
    """Read the options of a call or a job."""
    return DetectOptions(
        model=message.model,
        min_score=message.min_score if message.HasField("min_score") else None,
        max_overlap=message.max_overlap if message.HasField("max_overlap") else None,
        classes=tuple(message.classes),
        max_objects=message.max_objects,
        image_side_px=message.image_side_px,
    )


def detect_result(
    objects: Sequence[DetectedObject], image: Image, model: ModelIdentity
) -> object_pb2.DetectObjectsResult:
    """Say what was found in a picture, in the order it was found."""
    size = (image.width_px, image.height_px)
    return object_pb2.DetectObjectsResult(
        objects=[detected(one, size) for one in objects], image_size=image_size(size), model=model_info(model)
    )


def detected(one: DetectedObject, size: tuple[int, int]) -> object_pb2.DetectedObject:
    """Say what one object is in a picture of this width and height."""
    message = object_pb2.DetectedObject(box=normalized(one.box, size), score=one.score, class_name=one.class_name)
    if one.key_points is not None:
        message.key_points.extend(
            object_pb2.KeyPoint(point=NormalizedPoint(x=x / size[0], y=y / size[1]), score=score)
            for x, y, score in one.key_points.tolist()
        )
    return message


def normalized(box: Box, size: tuple[int, int]) -> NormalizedBox:
    """Say where a box is in a picture of this width and height."""
    left, top, right, bottom = box
    width, height = size
    return NormalizedBox(left=left / width, top=top / height, right=right / width, bottom=bottom / height)


def image_size(size: tuple[int, int]) -> ImageSize:
    """Say how large a picture is."""
    return ImageSize(width_px=size[0], height_px=size[1])


def model_info(model: ModelIdentity) -> ModelInfo:
    """Say which model made a result."""
    return ModelInfo(name=model.name, version=model.version, sha256=model.sha256)


def model_listing(model: ModelIdentity) -> ModelInfo:
    """Say all that is known of a model, for those who choose one."""
    return ModelInfo(
        name=model.name, version=model.version, sha256=model.sha256, abilities=model.abilities, classes=model.classes
    )
