"""Objects as messages: pixels become fractions of the picture."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.common.media import Image
from sightline.common.media.saying import Size, image_size, model_info, normalized
from sightline.object.detector import DetectedObject
from sightline.object.identity import ModelIdentity
from sightline.object.options import DetectOptions, SegmentOptions
from sightline.object.regions import Ring
from sightline.object.segmentation import Segment
from sightline.v1 import object_pb2
from sightline.v1.geometry_pb2 import NormalizedPoint
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


def segment_options(message: object_pb2.SegmentOptions) -> SegmentOptions:
    """Read the options of a call or a job; a tolerance that is not said is the default of SegmentOptions."""
    known = {
        name: getattr(message, name)
        for name in ("min_score", "micrometres_per_px", "min_diameter_px", "max_diameter_px")
        if message.HasField(name)
    }
    if message.HasField("polygon_tolerance_px"):
        known["tolerance_px"] = message.polygon_tolerance_px
    return SegmentOptions(
        model=message.model,
        classes=tuple(message.classes),
        max_segments=message.max_segments,
        masks=not message.omit_masks,
        **known,
    )


def detect_result(
    objects: Sequence[DetectedObject], image: Image, model: ModelIdentity
) -> object_pb2.DetectObjectsResult:
    """Say what was found in a picture, in the order it was found."""
    size = (image.width_px, image.height_px)
    return object_pb2.DetectObjectsResult(
        objects=[detected(one, size) for one in objects], image_size=image_size(size), model=model_info(model)
    )


def detected(one: DetectedObject, size: Size) -> object_pb2.DetectedObject:
    """Say what one object is in a picture of this width and height."""
    message = object_pb2.DetectedObject(box=normalized(one.box, size), score=one.score, class_name=one.class_name)
    if one.key_points is not None:
        message.key_points.extend(
            object_pb2.KeyPoint(point=NormalizedPoint(x=x / size[0], y=y / size[1]), score=score)
            for x, y, score in one.key_points.tolist()
        )
    return message


def segment_result(
    segments: Sequence[Segment], image: Image, model: ModelIdentity, micrometres_per_px: float | None
) -> object_pb2.SegmentResult:
    """Say what was segmented in a picture, the largest first.

    Args:
        segments: in their order.
        image: the picture that they are of.
        model: the engine that found them.
        micrometres_per_px: side of a pixel; None where it is not known, and sizes are in pixels only.
    """
    size = (image.width_px, image.height_px)
    return object_pb2.SegmentResult(
        segments=[_segment(one, size, micrometres_per_px) for one in segments],
        image_size=image_size(size),
        model=model_info(model),
    )


def _segment(one: Segment, size: Size, scale: float | None) -> object_pb2.Segment:
    message = object_pb2.Segment(
        box=normalized(one.box, size),
        score=one.score,
        class_name=one.class_name,
        polygon=[_ring(ring, size) for ring in one.polygon],
        area_px=one.sizes.area,
        perimeter_px=one.sizes.perimeter,
        equivalent_diameter_px=one.sizes.equivalent_diameter,
        circularity=one.sizes.circularity,
        touches_edge=one.touches_edge,
    )
    if one.counts is not None:
        message.mask.CopyFrom(object_pb2.RunLengthMask(size=image_size(size), counts=one.counts))
    if scale is not None:
        message.area_um2 = one.sizes.area * scale**2
        message.perimeter_um = one.sizes.perimeter * scale
        message.equivalent_diameter_um = one.sizes.equivalent_diameter * scale
    return message


def _ring(ring: Ring, size: Size) -> object_pb2.Ring:
    points = [NormalizedPoint(x=x / size[0], y=y / size[1]) for x, y in ring.points.tolist()]
    return object_pb2.Ring(points=points, hole=ring.hole)


def model_listing(model: ModelIdentity) -> ModelInfo:
    """Say all that is known of a model, for those who choose one."""
    return ModelInfo(
        name=model.name, version=model.version, sha256=model.sha256, abilities=model.abilities, classes=model.classes
    )
