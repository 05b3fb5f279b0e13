"""Where models run: what was asked for, or a refusal that says why."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from sightline.common.errors import Reason, SightlineError
from sightline.common.models.devices import open_session


@pytest.fixture
def model() -> bytes:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "relu", ends[:1], ends[1:])
    serialised: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    ).SerializeToString()
    return serialised


def test_the_processor_serves_without_being_asked_for_more(model: bytes) -> None:
    session = open_session(model, 1, "cpu")
    assert session.get_providers() == ["CPUExecutionProvider"]
    assert session.run(None, {"x": np.array([[-1, 0, 2]], np.float32)})[0].tolist() == [[0, 0, 2]]


def test_a_runtime_without_cuda_is_told_of_the_image_that_has_it(model: bytes) -> None:
    with pytest.raises(SightlineError, match="-gpu") as refused:
        open_session(model, 1, "cuda")
    assert refused.value.reason is Reason.MODEL_UNAVAILABLE


def test_a_runtime_that_falls_back_to_the_processor_is_refused(model: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    # What the build for GPUs does on a machine without one: it offers CUDA, warns, and goes on with the processor.
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    with pytest.warns(UserWarning, match="CUDAExecutionProvider"), pytest.raises(SightlineError, match="no GPU"):
        open_session(model, 1, "cuda")
