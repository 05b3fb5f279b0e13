"""What models are computed on: the processor, or a GPU where the image has ONNX Runtime's build for it."""

from __future__ import annotations

from typing import Any

import onnxruntime

from sightline.common.errors import Reason, SightlineError
from sightline.common.settings import Device

_PROCESSOR = "CPUExecutionProvider"
_GPU = "CUDAExecutionProvider"
# The exhaustive search for the quickest convolution begins anew with each input size, and pictures have many.
_GPU_OPTIONS = {"cudnn_conv_algo_search": "HEURISTIC"}


def open_session(model: bytes | str, threads: int, device: Device = "cpu", level: Any = None) -> Any:
    """Open a model on a device, so that it gets along with other sessions of the process.

    Args:
        model: the ONNX model, serialised, or the path of its file.
        threads: how many compute one call; they count on the processor alone.
        device: what it has to run on.
        level: the GraphOptimizationLevel; None for ONNX Runtime's own, which is all.

    Returns:
        The session of ONNX Runtime.

    Raises:
        SightlineError: MODEL_UNAVAILABLE where the GPU that was asked for can't be used. ONNX Runtime would go on with
            the processor and say so in its log only, which nobody who pays for a GPU would read.
    """
    options = _options(threads, level)
    if device == "cpu":
        return onnxruntime.InferenceSession(model, options, providers=[_PROCESSOR])
    if _GPU not in onnxruntime.get_available_providers():
        raise SightlineError(
            Reason.MODEL_UNAVAILABLE, "this ONNX Runtime has no CUDA: take the image whose name ends in -gpu"
        )
    onnxruntime.preload_dlls()
    session = onnxruntime.InferenceSession(model, options, providers=[(_GPU, _GPU_OPTIONS), _PROCESSOR])
    if _GPU not in session.get_providers():
        raise SightlineError(
            Reason.MODEL_UNAVAILABLE, "CUDA can't be used: no GPU, no driver, or libraries of another version"
        )
    return session


def _options(threads: int, level: Any) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    if level is not None:
        options.graph_optimization_level = level
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A plan of memory is kept for every input size that was ever seen, and pictures and lines have many sizes.
    options.enable_mem_pattern = False
    # Threads that spin while they wait would take the processor from the other sessions.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
