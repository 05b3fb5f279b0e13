"""What is done with the models' answers: faces in the picture's own pixels, the largest first, and who is who."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sightline.common.errors import FieldViolation, InvalidRequest, MediaRejected, Reason
from sightline.common.media import Image
from sightline.common.media.geometry import Box, area
from sightline.common.models import MatchThresholds, ModelEntry
from sightline.face import geometry
from sightline.face.alignment import align
from sightline.face.attributes import AttributeModel, Attributes
from sightline.face.model import FaceModel
from sightline.face.quality import Quality, assess
from sightline.face.settings import FaceModelSettings

# Below this the aligned face is mostly made up between pixels, and strangers look more alike.
_SMALL_FACE_PX = 80.0
# Mean spread between the colours of a crop (of 255) under which it counts as grey; skin in colour has 20 or more.
_GREY_SPREAD = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face.

    Attributes:
        box: left, top, right, bottom in pixels of the original as shown, from its top left corner; inside it.
        score: how sure the detector is, 0 to 1.
        landmarks: 5 x 2, float32, x and y in the same pixels of the eyes, the nose and the corners of the mouth;
            left before right, as the viewer sees them; may lie a little outside the picture.
        embedding: 512, float32, of unit length; None unless it was asked for.
        weak: whether the face is small or grey, so that its embedding is less certain; False without one.
        quality: how well it can be recognised; None while the face is not chosen to be returned.
        attributes: age and sex; None unless they were asked for, and where no model tells them.
    """

    box: Box
    score: float
    landmarks: NDArray[np.float32]
    embedding: NDArray[np.float32] | None = None
    weak: bool = False
    quality: Quality | None = None
    attributes: Attributes | None = None

    @property
    def area_px(self) -> float:
        """Area of the box."""
        return area(self.box)

    @property
    def quality_score(self) -> float:
        """How well it can be recognised, 0 to 1; 0 where nobody has looked."""
        return self.quality.score if self.quality is not None else 0.0


@dataclass(frozen=True, slots=True)
class DetectOptions:
    """How faces are found.

    Attributes:
        min_score: least score of a face that is returned, 0 to 1; None for the setting.
        max_faces: most faces returned, the largest first, 0 to 1000; 0 for all.

    Raises:
        InvalidRequest: a value is out of its range.
    """

    min_score: float | None = None
    max_faces: int = 0

    def __post_init__(self) -> None:
        wrong = []
        if self.min_score is not None and not 0 <= self.min_score <= 1:
            wrong.append(FieldViolation("options.min_score", "must be from 0 to 1"))
        if not 0 <= self.max_faces <= 1000:
            wrong.append(FieldViolation("options.max_faces", "must be from 0 to 1000"))
        if wrong:
            raise InvalidRequest("the options of face detection are out of range", wrong)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Whether two faces are one person's.

    Attributes:
        similarity: cosine of the angle between the embeddings, -1 to 1.
        threshold: the least similarity that counted as the same person.
        same_person: whether it was reached.
        first: the face of the first picture.
        second: the face of the second picture.
    """

    similarity: float
    threshold: float
    same_person: bool
    first: Face
    second: Face


class FaceAnalyzer:
    """Finds, embeds and compares faces; safe to call from many threads.

    Attributes:
        detector: the catalogue's entry of the model that finds faces; results name it.
        embedder: likewise of the model that embeds them.
        thresholds: how alike two of its embeddings are where they are one person's.
        attributes: tells age and sex; None where there is no such model.
    """

    def __init__(
        self,
        model: FaceModel,
        settings: FaceModelSettings,
        detector: ModelEntry,
        embedder: ModelEntry,
        attributes: AttributeModel | None = None,
    ) -> None:
        """Take loaded models.

        Args:
            model: finds and embeds faces.
            settings: how they are found.
            detector: the catalogue's entry of the model that finds them.
            embedder: likewise of the model that embeds them.
            attributes: tells age and sex; None where there is none.

        Raises:
            ValueError: the embedder has no thresholds in the catalogue.
        """
        if embedder.thresholds is None:
            raise ValueError(f"{embedder.name} has no match thresholds in the catalogue")
        self._model = model
        self._settings = settings
        self.thresholds: MatchThresholds = embedder.thresholds
        self.detector = detector
        self.embedder = embedder
        self.attributes = attributes

    def needed_side_px(self, *, embeddings: bool) -> int | None:
        """Say how large a picture must be decoded: faces are found in a small one, but embedded from all pixels."""
        return None if embeddings else self._settings.input_side_px

    def detect(self, image: Image, options: DetectOptions | None = None) -> list[Face]:
        """Find faces.

        Returns:
            The faces, the largest first; empty where there is none.

        Raises:
            SightlineError: OVERLOADED where every session is busy for too long.
        """
        options = options or DetectOptions()
        min_score = self._settings.score_threshold if options.min_score is None else options.min_score
        far, far_scale = geometry.resized(image.pixels, self._far_side_px(image))
        faces = self._look(far, far_scale * image.scale, image, min_score)
        near_px = self._settings.near_side_px
        if 0 < near_px < max(far.shape[:2]):
            # A face that fills the picture is larger than the detector's largest anchor, until it is made small.
            near, near_scale = geometry.resized(far, near_px)
            found = self._look(near, near_scale * far_scale * image.scale, image, min_score)
            faces += geometry.without_overlap(found, faces, self._settings.nms_iou)
        faces.sort(key=lambda face: face.area_px, reverse=True)
        return [_assessed(face, image) for face in faces[: options.max_faces or None]]

    def embed(self, image: Image, options: DetectOptions | None = None) -> list[Face]:
        """Find faces and embed each.

        Args:
            image: decoded at full size; a smaller one gives worse embeddings.
            options: how faces are found.

        Returns:
            The faces with their embeddings, the largest first; empty where there is none.

        Raises:
            SightlineError: OVERLOADED where every session is busy for too long.
        """
        return self.describe(image, self.detect(image, options))

    def describe(self, image: Image, faces: Sequence[Face]) -> list[Face]:
        """Embed faces that were found in a picture; what is said of `embed` holds."""
        crops = [align(image.pixels, np.asarray(face.landmarks * image.scale, np.float32)) for face in faces]
        embeddings = self._model.embed(crops)
        return [
            replace(face, embedding=embedding, weak=_is_weak(face, crop))
            for face, crop, embedding in zip(faces, crops, embeddings, strict=True)
        ]

    def tell(self, image: Image, faces: Sequence[Face]) -> list[Face]:
        """Tell age and sex of faces that were found in a picture; as they are where no model tells them."""
        if self.attributes is None:
            return list(faces)
        told = [self.attributes.tell(image.pixels, _scaled(face.box, image.scale)) for face in faces]
        return [replace(face, attributes=attributes) for face, attributes in zip(faces, told, strict=True)]

    def compare(self, first: Image, second: Image, threshold: float | None = None) -> Comparison:
        """Compare the largest face of each picture.

        Args:
            first: a picture, decoded at full size.
            second: another.
            threshold: least similarity for the same person, -1 to 1; None for the model's own, which is
                stricter where either face is small or grey.

        Raises:
            MediaRejected: FACE_NOT_FOUND where a picture has no face.
            InvalidRequest: the threshold is out of range.
            SightlineError: OVERLOADED where every session is busy for too long.
        """
        if threshold is not None and not -1 <= threshold <= 1:
            raise InvalidRequest("the threshold is out of range", [FieldViolation("threshold", "must be from -1 to 1")])
        one, other = self._largest(first, "first"), self._largest(second, "second")
        if threshold is None:
            weak = one.weak or other.weak
            threshold = self.thresholds.strict if weak else self.thresholds.ordinary
        alike = similarity(one, other)
        return Comparison(alike, threshold, alike >= threshold, one, other)

    def _largest(self, image: Image, which: str) -> Face:
        faces = self.embed(image, DetectOptions(max_faces=1))
        if not faces:
            raise MediaRejected(Reason.FACE_NOT_FOUND, f"no face was found in the {which} picture")
        return faces[0]

    def _far_side_px(self, image: Image) -> int:
        # Nothing is seen better in a picture that is blown up further, and large faces are lost.
        own_px: int = max(image.pixels.shape[:2])
        return min(self._settings.input_side_px, 2 * own_px)

    def _look(self, pixels: NDArray[np.uint8], scale: float, image: Image, min_score: float) -> list[Face]:
        found = self._model.detect(geometry.on_canvas(pixels), min_score)
        faces = (
            Face(geometry.inside(box / scale, image.width_px, image.height_px), float(score), points / scale)
            for box, score, points in zip(found.boxes, found.scores, found.landmarks, strict=True)
        )
        return [face for face in faces if face.area_px > 0]  # the detector may see one in the black beside


def similarity(one: Face, other: Face) -> float:
    """Give the cosine of the angle between two embeddings, -1 to 1.

    Raises:
        ValueError: a face has no embedding.
    """
    if one.embedding is None or other.embedding is None:
        raise ValueError("both faces must be embedded")
    return float(np.clip(np.dot(one.embedding, other.embedding), -1.0, 1.0))


def _scaled(box: Box, scale: float) -> Box:
    left, top, right, bottom = box
    return left * scale, top * scale, right * scale, bottom * scale


def _assessed(face: Face, image: Image) -> Face:
    landmarks = np.asarray(face.landmarks * image.scale, np.float32)
    return replace(face, quality=assess(image.pixels, landmarks, image.scale))


def _is_weak(face: Face, crop: NDArray[np.uint8]) -> bool:
    left, top, right, bottom = face.box
    spread = crop.max(axis=2).astype(np.int16) - crop.min(axis=2)
    return min(right - left, bottom - top) < _SMALL_FACE_PX or float(spread.mean()) < _GREY_SPREAD
