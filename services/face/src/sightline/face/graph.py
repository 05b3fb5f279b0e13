"""ONNX graphs: free the input size of one that was exported for a single size, and open it at its quickest."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

from sightline.common.models.devices import open_session
from sightline.common.settings import Device

_TRIALS = 8


class Graph:
    """A serialised model, and how it is opened."""

    def __init__(self, serialised: bytes, input_px: tuple[int, int], device: Device = "cpu") -> None:
        """Take a model with one image input.

        Args:
            serialised: the ONNX model.
            input_px: height and width of the input on which it has to be quick.
            device: what it has to run on.
        """
        self._serialised = serialised
        self._input_px = input_px
        self._device: Device = device
        # On a GPU there is no such choice: the blocked layout is one of the processor.
        self._level: Any = None if device == "cpu" else onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL

    def session(self, threads: int) -> Any:
        """Open the model once more; the first time also finds out which optimisation suits it.

        ONNX Runtime's blocked memory layout (all optimisations) makes the default detector a third faster
        and the default embedder three times slower, and nothing in a model says which it will be.
        """
        if self._level is None:
            self._level = self._quickest(threads)
        return self._open(threads, self._level)

    def _quickest(self, threads: int) -> Any:
        levels = onnxruntime.GraphOptimizationLevel
        sessions = {level: self._open(threads, level) for level in (levels.ORT_ENABLE_ALL, levels.ORT_ENABLE_EXTENDED)}
        feed = {sessions[levels.ORT_ENABLE_ALL].get_inputs()[0].name: np.zeros((1, 3, *self._input_px), np.float32)}
        taken: dict[Any, list[float]] = {level: [] for level in sessions}
        # In turns, since what else the machine does for a while would otherwise meet one of them alone.
        for _ in range(_TRIALS):
            for level, session in sessions.items():
                taken[level].append(_seconds_of(session, feed))
        return min(taken, key=lambda level: min(taken[level]))

    def _open(self, threads: int, level: Any) -> Any:
        return open_session(self._serialised, threads, self._device, level)


def _seconds_of(session: Any, feed: dict[str, Any]) -> float:
    # Of processor time: by the clock a busy machine would make the choice, which holds for as long as the service runs.
    start = time.process_time()
    session.run(None, feed)
    return time.process_time() - start


def with_free_input_size(path: Path) -> bytes:
    """Read an SCRFD model and free its batch, height and width; one that is free already is left alone.

    An export at 640 x 640 has three facts of that size in it: the declared shapes, the target sizes of its
    two Resize nodes (which double the feature maps, so that a scale of 2 says the same), and a batch of one
    in its Reshape nodes (where 0 means "as it comes").

    Returns:
        The model, serialised.

    Source: the parity is measured in tests/test_face_graph.py.
    """
    model = onnx.load(str(path))
    graph = model.graph
    sides = graph.input[0].type.tensor_type.shape.dim
    if not all(sides[axis].HasField("dim_value") and sides[axis].dim_value > 0 for axis in (2, 3)):
        return path.read_bytes()
    for axis, name in ((0, "batch"), (2, "height"), (3, "width")):
        sides[axis].dim_param = name
    for output in graph.output:
        shape = output.type.tensor_type.shape.dim
        shape[0].dim_param, shape[1].dim_param = "batch", f"{output.name}_anchors"
    del graph.value_info[:]  # the shapes in between, which are for the old size
    _free_resizes(graph)
    _free_reshapes(graph)
    _drop_unused(graph)
    onnx.checker.check_model(model)
    serialised: bytes = model.SerializeToString()
    return serialised


def _free_resizes(graph: onnx.GraphProto) -> None:
    for node in graph.node:
        if node.op_type == "Resize" and len(node.input) == 4:
            scales = numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), f"{node.name}_scales")
            region = numpy_helper.from_array(np.zeros(0, np.float32), f"{node.name}_region")
            graph.initializer.extend([region, scales])
            del node.input[1:]
            node.input.extend([region.name, scales.name])


def _free_reshapes(graph: onnx.GraphProto) -> None:
    constants = {constant.name: constant for constant in graph.initializer}
    for node in graph.node:
        if node.op_type == "Reshape" and node.input[1] in constants:
            constant = constants[node.input[1]]
            target = numpy_helper.to_array(constant).copy()
            if target[0] == 1:
                target[0] = 0
                constant.CopyFrom(numpy_helper.from_array(target, constant.name))


def _drop_unused(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [constant for constant in graph.initializer if constant.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
