"""The default models, loaded once, and the pictures they are tried on."""

from __future__ import annotations

import tomllib
from pathlib import Path

import insightface
import numpy as np
import pytest

from sightline.common.media import Image, ImageFormat, decode_image
from sightline.common.models import ModelStore
from sightline.common.settings import MediaLimits
from sightline.face.analysis import FaceAnalyzer
from sightline.face.model import FaceModel
from sightline.face.settings import FaceModelSettings


@pytest.fixture(scope="session")
def face_model(model_store: ModelStore) -> FaceModel:
    settings = FaceModelSettings()
    return FaceModel(model_store.path(settings.detector), model_store.path(settings.embedder), settings)


@pytest.fixture(scope="session")
def analyzer(model_store: ModelStore, face_model: FaceModel) -> FaceAnalyzer:
    """The analyzer at its default settings."""
    settings = FaceModelSettings()
    detector, embedder = model_store.entry(settings.detector), model_store.entry(settings.embedder)
    return FaceAnalyzer(face_model, settings, detector, embedder)


@pytest.fixture(scope="session")
def solvay(model_store: ModelStore) -> Image:
    return decode_image(model_store.path("solvay-1927").read_bytes(), MediaLimits())


@pytest.fixture(scope="session")
def portrait(model_store: ModelStore) -> Image:
    """A painting of one man in colour, 1024 x 1305."""
    return decode_image(model_store.path("gauss").read_bytes(), MediaLimits())


@pytest.fixture(scope="session")
def group() -> Image:
    """Six people in colour, 1280 x 886; it comes with insightface."""
    path = Path(insightface.__file__).parent / "data" / "images" / "t1.jpg"
    return decode_image(path.read_bytes(), MediaLimits())


@pytest.fixture(scope="session")
def solvay_truth() -> dict[str, tuple[float, float, float, float]]:
    """Who sits where on the Solvay photograph: left, top, right, bottom in its pixels."""
    text = Path(__file__).with_name("solvay_1927.toml").read_text("utf-8")
    return {name: tuple(box) for name, box in tomllib.loads(text)["faces"].items()}


@pytest.fixture(scope="session")
def blank() -> Image:
    return Image(np.full((300, 400, 3), 127, np.uint8), 400, 300, ImageFormat.PNG)
