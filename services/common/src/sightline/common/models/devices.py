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


def open_session(model: bytes | str, options: onnxruntime.SessionOptions, device: Device) -> Any:
    """Open a model on a device.

    Args:
        model: the ONNX model, serialised, or the path of its file.
        options: those of the session; threads count on the processor alone.
        device: what it has to run on.

    Returns:
        The session of ONNX Runtime.

    Raises:
        SightlineError: MODEL_UNAVAILABLE where the GPU that was asked for can't be used. ONNX Runtime would go on with
            the processor and say so in its log only, which nobody who pays for a GPU would read.
    """
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
