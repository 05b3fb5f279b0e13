"""One Ultralytics model at work: from a picture to objects in the picture's own pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.common.errors import FieldViolation, InvalidRequest
from sightline.common.media import Image
from sightline.common.media.geometry import Box
from sightline.object.head import Candidates
from sightline.object.identity import ModelIdentity
from sightline.object.letterbox import Placement, on_canvas
from sightline.object.model import ObjectModel
from sightline.object.options import DetectOptions, unknown_name
from sightline.object.settings import ObjectModelSettings
from sightline.object.suppression import strongest, without_overlap


@dataclass(frozen=True, slots=True, eq=False)
class DetectedObject:
    """One object.

    Attributes:
        box: left, top, right, bottom in pixels of the original as shown, from its top left corner; inside it.
        score: how sure the model is, 0 to 1.
        class_name: the name of its class.
        key_points: k x 3, float32: x and y in the same pixels and how visible it is, 0 to 1; None unless the model
            sees poses.
    """

    box: Box
    score: float
    class_name: str
    key_points: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What a model saw in one picture.

    Attributes:
        candidates: the objects on the canvas, the surest first.
        placement: how to get from the canvas to the picture.
        prototypes: channels x height x width, float32, of which masks are mixed; None for a model without masks.
        canvas_px: height and width of the canvas.
    """

    candidates: Candidates
    placement: Placement
    prototypes: NDArray[np.float32] | None
    canvas_px: tuple[int, int]


class Detector:
    """Finds objects with one model; safe to call from many threads.

    Attributes:
        identity: what results call the model.
        head: what it does and how its numbers are read.
    """

    def __init__(self, model: ObjectModel, settings: ObjectModelSettings, identity: ModelIdentity) -> None:
        self._model = model
        self._settings = settings
        self.identity = identity
        self.head = model.head

    def detect(self, image: Image, options: DetectOptions) -> list[DetectedObject]:
        """Find objects.

        Returns:
            The objects, the surest first; empty where there is none.

        Raises:
            InvalidRequest: a class that the model does not know, or an image size that it does not take.
            SightlineError: OVERLOADED where every session is busy for too long.
        """
        look = self.look(image, options)
        found = look.candidates
        boxes = look.placement.boxes(found.boxes) / np.float32(image.scale)
        points = self._key_points(look, image.scale)
        return [
            DetectedObject(_box(box), float(score), self.head.names[class_index], of_one)
            for box, score, class_index, of_one in zip(boxes, found.scores, found.classes, points, strict=True)
        ]

    def look(self, image: Image, options: DetectOptions) -> Look:
        """Run the model and drop what is too weak, of other classes, or overlaps; `detect` says what it raises."""
        wanted = self.class_indices(options.classes)
        height_px, width_px = self._canvas_px(options.image_side_px)
        canvas, placement = on_canvas(image.pixels, height_px, width_px, self.head.stride_px, tight=self.head.free)
        outputs = self._model.run(canvas)
        candidates = self.head.read(outputs[0], self.min_score(options))
        if wanted is not None:
            candidates = candidates[np.isin(candidates.classes, wanted)]
        most = options.max_objects or self._settings.max_objects
        if self.head.end_to_end:
            kept = strongest(candidates, most)
        else:
            kept = without_overlap(candidates, _or(options.max_overlap, self._settings.max_overlap), most)
        left, top, right, bottom = placement.boxes(kept.boxes).T
        kept = kept[(right > left) & (bottom > top)]  # the model may see something in the grey beside the picture
        prototypes = outputs[1] if len(outputs) > 1 else None
        return Look(kept, placement, prototypes, (canvas.shape[0], canvas.shape[1]))

    def min_score(self, options: DetectOptions) -> float:
        """Say the least score of an object that is returned."""
        return _or(options.min_score, self._settings.min_score)

    def class_indices(self, names: tuple[str, ...]) -> NDArray[np.int64] | None:
        """Find the classes that are asked for; None for all.

        Raises:
            InvalidRequest: a name that the model does not know; the message lists those that it knows.
        """
        for name in names:
            if name not in self.head.names:
                raise unknown_name("classes", "class", name, self.head.names)
        return np.array([self.head.names.index(name) for name in names], np.int64) if names else None

    def _canvas_px(self, side_px: int) -> tuple[int, int]:
        own = self.head.height_px, self.head.width_px
        if side_px == 0 or own == (side_px, side_px):
            return own
        stride = self.head.stride_px
        if not self.head.free:
            words = f"{self.identity.name} takes pictures of {own[0]} px only"
            raise InvalidRequest(words, [FieldViolation("options.image_side_px", words)])
        side_px = max(stride, -(-side_px // stride) * stride)
        return side_px, side_px

    def _key_points(self, look: Look, scale: float) -> list[NDArray[np.float32] | None]:
        count, numbers = self.head.key_points
        if count == 0:
            return [None] * len(look.candidates)
        points = look.candidates.extras.reshape(-1, count, numbers)
        places = look.placement.points(points[:, :, :2]) / np.float32(scale)
        seen = points[:, :, 2:3] if numbers == 3 else np.ones_like(points[:, :, :1])
        return list(np.concatenate([places, seen], axis=2).astype(np.float32))


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _box(box: NDArray[np.float32]) -> Box:
    left, top, right, bottom = box.tolist()
    return left, top, right, bottom
