"""What every engine of segmentation gives and takes, and what is made of it: filtered, measured, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sightline.common.media import Image
from sightline.common.media.geometry import Box
from sightline.object.identity import ModelIdentity
from sightline.object.options import SegmentOptions
from sightline.object.regions import Region, Ring, Sizes, coco_counts, rings, sizes


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One object as an engine sees it.

    Attributes:
        region: its pixels, inside the picture.
        score: how sure the engine is, 0 to 1; 1 for an engine that gives no score.
        class_name: the name of its class.
    """

    region: Region
    score: float
    class_name: str


class SegmentationEngine(Protocol):
    """Something that finds the pixels of objects; safe to call from many threads."""

    @property
    def identity(self) -> ModelIdentity:
        """What results call it."""
        ...

    @property
    def min_diameter_px(self) -> float:
        """Least equivalent diameter of what it finds, where the request says none."""
        ...

    def find(self, image: Image, options: SegmentOptions) -> Iterator[Found]:
        """Find objects one after the other, so that their pixels need not all be held at once.

        Raises:
            InvalidRequest: a class that the engine does not know.
            SightlineError: OVERLOADED where every session is busy for too long.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One segmented object.

    Attributes:
        box: left, top, right, bottom in pixels of the picture.
        score: how sure the engine is, 0 to 1.
        class_name: the name of its class.
        polygon: the outer ring of each part, each followed by its holes.
        sizes: in pixels.
        counts: its pixels as the `counts` of a COCO run-length mask; None where masks are left out.
        touches_edge: whether it touches the edge of the picture.
    """

    box: Box
    score: float
    class_name: str
    polygon: list[Ring]
    sizes: Sizes
    counts: str | None
    touches_edge: bool


def segment(engine: SegmentationEngine, image: Image, options: SegmentOptions) -> list[Segment]:
    """Find objects and measure each.

    Returns:
        The segments, the largest first; empty where there is none.

    Raises:
        InvalidRequest: a class that the engine does not know.
        SightlineError: OVERLOADED where every session is busy for too long.
    """
    least = engine.min_diameter_px if options.min_diameter_px is None else options.min_diameter_px
    most = options.max_diameter_px or float("inf")
    segments = []
    for found in engine.find(image, options):
        measured = sizes(found.region)
        if least <= measured.equivalent_diameter <= most:
            segments.append(_segment(found, measured, image, options))
    segments.sort(key=lambda one: one.sizes.area, reverse=True)
    return segments[: options.max_segments or None]


def _segment(found: Found, measured: Sizes, image: Image, options: SegmentOptions) -> Segment:
    width, height = image.width_px, image.height_px
    left, top, right, bottom = box = found.region.box
    return Segment(
        box=box,
        score=found.score,
        class_name=found.class_name,
        polygon=rings(found.region, options.tolerance_px),
        sizes=measured,
        counts=coco_counts(found.region, height, width) if options.masks else None,
        touches_edge=left <= 0 or top <= 0 or right >= width or bottom >= height,
    )
