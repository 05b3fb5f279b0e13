"""What each of the servers does with a picture: our own decoding and detection, without our own server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.common.media import decode_image
from sightline.common.models import ModelStore
from sightline.common.settings import MediaLimits, ModelSettings
from sightline.face.analysis import FaceAnalyzer
from sightline.face.geometry import on_canvas, resized
from sightline.face.model import FaceModel
from sightline.face.settings import FaceModelSettings


def load(sessions: int) -> tuple[FaceModel, FaceAnalyzer]:
    """Load the default models, one thread for each session."""
    cv2.setNumThreads(1)
    folder = Path(os.environ["BENCH_MODELS"])
    store = ModelStore(ModelSettings(folder=folder, allow_noncommercial=True))
    settings = FaceModelSettings(sessions=sessions)
    detector, embedder = store.entry(settings.detector), store.entry(settings.embedder)
    model = FaceModel(store.path(settings.detector), store.path(settings.embedder), settings)
    return model, FaceAnalyzer(model, settings, detector, embedder)


def boxes(model: FaceModel, data: bytes) -> int:
    """Run the graph on an encoded picture, decoded at reduced scale, at both sizes; count what it finds."""
    side_px = FaceModelSettings().input_side_px
    return _found(model, decode_image(data, MediaLimits(), needed_side_px=side_px).pixels)


def boxes_plainly(model: FaceModel, data: bytes) -> int:
    """Do as `boxes` does, with the decoding that everybody writes: OpenCV's, of the whole picture."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return _found(model, pixels.astype(np.uint8, copy=False))


def _found(model: FaceModel, pixels: NDArray[np.uint8]) -> int:
    settings = FaceModelSettings()
    far, _ = resized(pixels, settings.input_side_px)
    near, _ = resized(far, settings.near_side_px)
    found = [model.detect(on_canvas(look), settings.score_threshold) for look in (far, near)]
    return max(len(one.scores) for one in found)


def detect(analyzer: FaceAnalyzer, data: bytes) -> list[dict[str, Any]]:
    """Find the faces of an encoded picture, decoded at reduced scale."""
    image = decode_image(data, MediaLimits(), needed_side_px=analyzer.needed_side_px(embeddings=False))
    return [
        {"box": face.box, "score": face.score, "landmarks": face.landmarks.tolist()} for face in analyzer.detect(image)
    ]
