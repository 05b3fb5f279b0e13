"""The models behind faces: insightface's detector and embedder on ONNX Runtime, loaded several times over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from insightface.model_zoo.arcface_onnx import ArcFaceONNX
from insightface.model_zoo.scrfd import SCRFD, distance2bbox, distance2kps
from numpy.typing import NDArray

from sightline.common.models.sessions import SessionPool
from sightline.face.alignment import CROP_SIDE_PX
from sightline.face.graph import Graph, with_free_input_size
from sightline.face.settings import FaceModelSettings

STRIDE_PX = 32
"""The largest stride of the detector: sides of its input are multiples of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What the detector says of one picture, in no order.

    Attributes:
        boxes: n x 4, float32, left, top, right, bottom in pixels of what it was given.
        scores: n, float32, 0 to 1.
        landmarks: n x 5 x 2, float32, x and y of the eyes, the nose and the corners of the mouth, each pair
            from the left of the picture to the right.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    landmarks: NDArray[np.float32]


class FaceModel:
    """A pool of sessions, each with a detector and an embedder; as many calls run at once as there are."""

    def __init__(self, detector: Path, embedder: Path, settings: FaceModelSettings) -> None:
        """Load the models and run each once, so that the first caller does not pay for it.

        Args:
            detector: an SCRFD model with landmarks.
            embedder: an ArcFace-like model, 112 x 112 to one vector.
            settings: how many sessions and threads, and the overlap of non-maximum suppression.
        """
        side_px = settings.input_side_px
        finder = Graph(with_free_input_size(detector), (side_px, side_px), settings.device)
        describer = Graph(embedder.read_bytes(), (CROP_SIDE_PX, CROP_SIDE_PX), settings.device)
        sessions = [_Session(finder, describer, embedder, settings) for _ in range(settings.sessions)]
        for session in sessions:
            session.detect(np.zeros((side_px, side_px, 3), np.uint8), 1.0)
            session.embed(np.zeros((CROP_SIDE_PX, CROP_SIDE_PX, 3), np.uint8))
        self._pool = SessionPool(sessions, "face", settings.wait_seconds)

    def detect(self, canvas: NDArray[np.uint8], min_score: float) -> Detections:
        """Find faces.

        Args:
            canvas: height x width x 3, uint8, BGR; both sides multiples of `STRIDE_PX`.
            min_score: least score, 0 to 1.

        Raises:
            SightlineError: OVERLOADED where no session comes free in time.
        """
        with self._pool.session() as session:
            return session.detect(canvas, min_score)

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Embed aligned faces.

        Args:
            crops: each 112 x 112 x 3, uint8, BGR, from `align`.

        Returns:
            n x 512, float32, each row of unit length.

        Raises:
            SightlineError: OVERLOADED where no session comes free in time.
        """
        if not crops:
            return np.empty((0, 512), np.float32)
        with self._pool.session() as session:
            # One by one: a batch is no faster on a processor, and memory stays the same for any number of faces.
            return np.stack([unit_length(session.embed(crop)) for crop in crops])


class _Session:
    """One detector and one embedder; used by one thread at a time."""

    def __init__(self, detector: Graph, embedder: Graph, embedder_file: Path, settings: FaceModelSettings) -> None:
        # Without a model file insightface takes our session for every input size, instead of making one for each.
        self._detector = _QuickScrfd(session=detector.session(settings.threads), static_shape_sessions=False)
        self._detector.nms_thresh = settings.nms_iou
        self._embedder = ArcFaceONNX(str(embedder_file), session=embedder.session(settings.threads))

    def detect(self, canvas: NDArray[np.uint8], min_score: float) -> Detections:
        height, width = canvas.shape[:2]
        found, landmarks = self._detector.detect(canvas, (width, height), det_thresh=min_score)
        return Detections(found[:, :4], found[:, 4], landmarks)

    def embed(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(self._embedder.get_feat([crop]), np.float32).ravel()


class _QuickScrfd(SCRFD):  # type: ignore[misc] # insightface has no types
    """Insightface's detector, which works boxes and landmarks out for every anchor, of which there are 12,000.

    Here that is done for those alone that are sure enough; the answers are the same to the bit (tests).
    """

    def forward(self, img: NDArray[np.uint8], threshold: float) -> tuple[list[Any], list[Any], list[Any]]:
        """Run the graph; scores, boxes and landmarks for each stride."""
        height, width = img.shape[:2]
        blob = self._prepare_input_blob(img, (width, height))
        outputs = self._session_for_input_size((width, height)).run(self.output_names, {self.input_name: blob})
        found: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
        for place, stride in enumerate(self._feat_stride_fpn):
            scores, boxes, landmarks = (
                outputs[place + self.fmc * kind].reshape(-1, size) for kind, size in enumerate((1, 4, 10))
            )
            sure = np.flatnonzero(scores >= threshold)
            rows, columns = np.divmod(sure // self._num_anchors, width // stride)
            centres = np.stack((columns, rows), axis=-1).astype(np.float32) * stride
            found[0].append(scores[sure])
            found[1].append(distance2bbox(centres, boxes[sure] * stride))
            found[2].append(distance2kps(centres, landmarks[sure] * stride).reshape(-1, 5, 2))
        return found


def unit_length(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale a vector to length 1; a vector of zeros stays as it is."""
    length = float(np.linalg.norm(vector))
    return vector if length == 0 else np.asarray(vector / length, np.float32)
