"""What may be asked of an analysis, checked by field."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.common.errors import FieldViolation, InvalidRequest

_MAX_OBJECTS = 1000
_MAX_SIDE_PX = 4096


@dataclass(frozen=True, slots=True)
class DetectOptions:
    """How objects are found.

    Attributes:
        model: the name of a loaded model; empty for the default.
        min_score: least score of an object that is returned, 0 to 1; None for the setting.
        max_overlap: greatest intersection over union of two objects of one class, 0 to 1; None for the setting.
        classes: names of the classes to return; empty for all.
        max_objects: most objects returned, the surest first, 0 to 1000; 0 for the setting.
        image_side_px: longer side of the picture as the model sees it, 0 to 4096; 0 for the model's own.

    Raises:
        InvalidRequest: a value is out of its range.
    """

    model: str = ""
    min_score: float | None = None
    max_overlap: float | None = None
    classes: tuple[str, ...] = ()
    max_objects: int = 0
    image_side_px: int = 0

    def __post_init__(self) -> None:
        wrong = [
            *_share("min_score", self.min_score),
            *_share("max_overlap", self.max_overlap),
            *_range("max_objects", self.max_objects, _MAX_OBJECTS),
            *_range("image_side_px", self.image_side_px, _MAX_SIDE_PX),
        ]
        if wrong:
            raise InvalidRequest("the options of object detection are out of range", wrong)


@dataclass(frozen=True, slots=True)
class SegmentOptions:
    """How a picture is segmented.

    Attributes:
        model: the name of an engine; empty for the default.
        min_score: least score of a segment, 0 to 1, for engines that give one; None for the setting.
        micrometres_per_px: side of one pixel in micrometres, above 0; None where it is not known.
        classes: names of the classes to return, for engines that tell classes apart; empty for all.
        max_segments: most segments returned, the largest first, 0 to 10,000; 0 for all.
        min_diameter_px: least equivalent diameter in pixels, 0 or more; None for the engine's own.
        max_diameter_px: greatest equivalent diameter in pixels, 0 or more; None for no limit.
        tolerance_px: how far a polygon may stray from the outline, 0 to 100 pixels.
        masks: whether segments carry their masks.

    Raises:
        InvalidRequest: a value is out of its range.
    """

    model: str = ""
    min_score: float | None = None
    micrometres_per_px: float | None = None
    classes: tuple[str, ...] = ()
    max_segments: int = 0
    min_diameter_px: float | None = None
    max_diameter_px: float | None = None
    tolerance_px: float = 0.5
    masks: bool = True

    def __post_init__(self) -> None:
        wrong = [
            *_share("min_score", self.min_score),
            *_range("max_segments", self.max_segments, 10_000),
            *_range("min_diameter_px", self.min_diameter_px or 0.0, 1e6),
            *_range("max_diameter_px", self.max_diameter_px or 0.0, 1e6),
            *_range("polygon_tolerance_px", self.tolerance_px, 100),
        ]
        if self.micrometres_per_px is not None and not 0 < self.micrometres_per_px <= 1e6:
            wrong.append(FieldViolation("options.micrometres_per_px", "must be above 0 and at most 1000000"))
        if wrong:
            raise InvalidRequest("the options of segmentation are out of range", wrong)


def _share(field: str, value: float | None) -> list[FieldViolation]:
    if value is None or 0 <= value <= 1:
        return []
    return [FieldViolation(f"options.{field}", "must be from 0 to 1")]


def _range(field: str, value: float, most: float) -> list[FieldViolation]:
    return [] if 0 <= value <= most else [FieldViolation(f"options.{field}", f"must be from 0 to {most:.10g}")]


def unknown_name(field: str, what: str, name: str, known: tuple[str, ...]) -> InvalidRequest:
    """Refuse a name that does not exist, and say which do."""
    words = f"there is no {what} {name!r}; there are: {', '.join(known)}"
    return InvalidRequest(words, [FieldViolation(f"options.{field}", words)])
