"""Tell speech from silence, noise and music: how likely each 32 ms of sound are speech."""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""One channel at 16000 Hz, float32; full scale is -1 to 1."""

RATE_HZ = 16_000
WINDOW_SAMPLES = 512
"""The model judges 32 ms at a time."""
# And wants to see the end of the window before.
_BEFORE_SAMPLES = 64
_STATE_SHAPE = (1, 1, 128)


class SpeechModel:
    """Silero VAD on ONNX Runtime; holds no sound, so that one serves any number of recordings at once.

    It is loaded for the first recording.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Name the model.

        Args:
            path: `silero-vad` of the catalogue.
            threads: how many compute.
        """
        self._path, self._threads = path, threads
        self._loading = threading.Lock()

    def listen(self) -> Listener:
        """Begin with a recording."""
        with self._loading:
            return Listener(self._session)

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = self._threads, 1
        options.enable_cpu_mem_arena = False
        return onnxruntime.InferenceSession(str(self._path), options, providers=["CPUExecutionProvider"])


class Listener:
    """Hears one recording from its start on."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._hidden = self._cell = np.zeros(_STATE_SHAPE, np.float32)
        self._before = np.zeros(_BEFORE_SAMPLES, np.float32)

    def hear(self, samples: Samples) -> NDArray[np.float32]:
        """Judge what comes next.

        Args:
            samples: whole windows of `WINDOW_SAMPLES`.

        Returns:
            For each window, how likely it is speech, 0 to 1.
        """
        if not len(samples):
            return np.zeros(0, np.float32)
        windows = samples.reshape(-1, WINDOW_SAMPLES)
        before = np.vstack([self._before, windows[:-1, -_BEFORE_SAMPLES:]])
        self._before = windows[-1, -_BEFORE_SAMPLES:].copy()
        seen = np.concatenate([before, windows], axis=1)
        likely, self._hidden, self._cell = self._session.run(None, {"input": seen, "h": self._hidden, "c": self._cell})
        return np.asarray(likely, np.float32).reshape(-1)
