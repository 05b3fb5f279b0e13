"""Age and sex: a model of the right signature whose answers are known, and none where there is none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from face_films import write_film
from onnx import TensorProto, helper

from sightline.common.errors import SightlineError
from sightline.common.media import Image
from sightline.common.media.video import Video
from sightline.common.models import Catalogue, ModelEntry, ModelStore
from sightline.common.settings import MediaLimits
from sightline.face import messages
from sightline.face.analysis import DetectOptions, FaceAnalyzer
from sightline.face.attributes import AttributeModel
from sightline.face.film import FilmAnalyzer, FilmOptions
from sightline.face.model import FaceModel
from sightline.face.settings import FaceModelSettings, FilmSettings
from sightline.v1.face_pb2 import FaceAttributes


@pytest.fixture(scope="module")
def entry() -> ModelEntry:
    return Catalogue.shipped().entry("buffalo_l-attributes")


@pytest.fixture(scope="module")
def model(entry: ModelEntry, tmp_path_factory: pytest.TempPathFactory) -> AttributeModel:
    """Takes whoever is red for a woman, whoever is blue for a man, and green for age: 1 x 3 x 96 x 96 to 1 x 3."""
    return AttributeModel(written(tmp_path_factory.mktemp("models") / "genderage.onnx", [0.1, 0.1, 0.01 / 4]), entry)


def written(path: Path, factors: list[float]) -> Path:
    """Write a model with the signature of genderage.onnx: scaled inside, one output with a number for each factor."""
    order = [0, 2, 1][: len(factors)]
    constants = {
        "order": np.array(order, np.int64),
        "factors": np.array(factors, np.float32),
        "axes": np.array([2, 3], np.int64),
    }
    nodes = [
        # The name tells insightface that the model takes pixels as they are.
        helper.make_node("Identity", ["data"], ["kept"], name="bn_data"),
        helper.make_node("ReduceMean", ["kept", "axes"], ["means"], keepdims=0),
        helper.make_node("Gather", ["means", "order"], ["sorted"], axis=1),
        helper.make_node("Mul", ["sorted", "factors"], ["fc1"], name="scale"),
    ]
    graph = helper.make_graph(
        nodes,
        "genderage",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, ["None", 3, 96, 96])],
        [helper.make_tensor_value_info("fc1", TensorProto.FLOAT, [1, len(factors)])],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), str(path))
    return path


def coloured(image: Image, bgr: tuple[int, int, int]) -> Image:
    pixels = np.asarray(image.pixels // 2 + np.array(bgr, np.uint8) // 2, np.uint8)
    return Image(pixels, image.width_px, image.height_px, image.format)


def analyzer_with(model: AttributeModel, store: ModelStore) -> FaceAnalyzer:
    settings = FaceModelSettings(sessions=1, input_side_px=320)
    detector, embedder = store.entry(settings.detector), store.entry(settings.embedder)
    faces = FaceModel(store.path(settings.detector), store.path(settings.embedder), settings)
    return FaceAnalyzer(faces, settings, detector, embedder, model)


def test_age_and_sex_are_told_with_the_model_that_said_so(
    model: AttributeModel, model_store: ModelStore, portrait: Image, entry: ModelEntry
) -> None:
    analyzer = analyzer_with(model, model_store)
    for bgr, sex in (((0, 60, 250), FaceAttributes.SEX_FEMALE), ((250, 60, 0), FaceAttributes.SEX_MALE)):
        image = coloured(portrait, bgr)
        faces = analyzer.tell(image, analyzer.detect(image))
        (face,) = messages.detect_result(faces, image, analyzer.detector, analyzer.embedder).faces
        assert face.attributes.sex == sex
        assert 5 < face.attributes.age_years < 60
        assert face.attributes.model.sha256 == entry.sha256


def test_a_face_is_told_by_its_own_pixels_at_any_size(model: AttributeModel) -> None:
    for side in (60, 600):
        pixels = np.zeros((side * 2, side * 3, 3), np.uint8)
        pixels[:, : side * 3 // 2] = (0, 80, 200)
        pixels[:, side * 3 // 2 :] = (200, 160, 0)
        left = model.tell(pixels, (side * 0.5, side * 0.6, side * 1.0, side * 1.2))
        right = model.tell(pixels, (side * 2.0, side * 0.6, side * 2.5, side * 1.2))
        assert (left.female, left.age_years) == (True, 20)
        assert (right.female, right.age_years) == (False, 40)


def test_the_best_face_of_a_track_has_them_and_keeps_them_over_a_checkpoint(
    model: AttributeModel, model_store: ModelStore, tmp_path: Path
) -> None:
    path = write_film(tmp_path / "story.mp4", model_store.path("solvay-1927"))
    options = FilmOptions(every_seconds=0.5, end_seconds=4.0)
    kept: list[bytes] = []
    with ThreadPoolExecutor(1) as threads, Video.open(path, MediaLimits()) as film:
        settings = FilmSettings()
        films = FilmAnalyzer(analyzer_with(model, model_store), settings, threads, 1)
        whole = films.analyse(film, DetectOptions(), options, save=lambda state: kept.append(state()))
        again = films.analyse(film, DetectOptions(), options, earlier=kept[-1])
    told = [track.best.attributes for track in whole.tracks]
    assert len(told) == 2
    assert None not in told
    assert [track.best.attributes for track in again.tracks] == told


def test_without_a_model_nothing_is_said(analyzer: FaceAnalyzer, portrait: Image) -> None:
    faces = analyzer.tell(portrait, analyzer.detect(portrait))
    (face,) = messages.detect_result(faces, portrait, analyzer.detector, analyzer.embedder).faces
    assert not face.HasField("attributes")


def test_a_model_of_something_else_is_refused(entry: ModelEntry, tmp_path: Path) -> None:
    with pytest.raises(SightlineError, match="buffalo_l-attributes"):
        AttributeModel(written(tmp_path / "other.onnx", [1.0, 1.0]), entry)
