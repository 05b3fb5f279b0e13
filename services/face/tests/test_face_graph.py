"""Freeing the detector's input size changes nothing of what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from sightline.common.models import ModelStore
from sightline.face.graph import with_free_input_size


def opened(graph: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # the original carries constants that nothing uses, and is warned about
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def original(model_store: ModelStore) -> Path:
    return model_store.path("scrfd-2.5g")


@pytest.fixture(scope="module")
def freed(original: Path) -> Any:
    return opened(with_free_input_size(original))


def noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


def test_it_equals_the_original_at_its_own_size(original: Path, freed: Any) -> None:
    picture = {"input.1": noise(1, 3, 640, 640)}
    before, after = opened(original.read_bytes()).run(None, picture), freed.run(None, picture)
    assert max(float(np.abs(a - b).max()) for a, b in zip(before, after, strict=True)) <= 1e-4


@pytest.mark.parametrize(("height", "width"), [(32, 32), (160, 640), (480, 640), (736, 1280)])
def test_it_takes_any_size_of_whole_strides(height: int, width: int, freed: Any) -> None:
    scores = freed.run(None, {"input.1": noise(1, 3, height, width)})[:3]
    anchors = [2 * (height // stride) * (width // stride) for stride in (8, 16, 32)]
    assert [output.shape for output in scores] == [(1, count, 1) for count in anchors]


def test_a_batch_gives_what_each_picture_gives_alone(freed: Any) -> None:
    pictures = noise(3, 3, 96, 128)
    together = freed.run(None, {"input.1": pictures})
    for index in range(3):
        alone = freed.run(None, {"input.1": pictures[index : index + 1]})
        assert all(np.abs(a[index] - b[0]).max() <= 1e-4 for a, b in zip(together, alone, strict=True))


def test_a_model_that_is_free_already_is_left_alone(original: Path, tmp_path: Path) -> None:
    free = tmp_path / "free.onnx"
    free.write_bytes(with_free_input_size(original))
    assert with_free_input_size(free) == free.read_bytes()
    onnx.checker.check_model(onnx.load(str(free)))
