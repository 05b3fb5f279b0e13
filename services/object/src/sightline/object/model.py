"""The models behind objects: Ultralytics exports on ONNX Runtime, a bounded number of pictures at once."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from sightline.common.errors import Reason, SightlineError
from sightline.common.models.devices import open_session
from sightline.object.head import Head
from sightline.object.settings import ObjectModelSettings


class ObjectModel:
    """One export, opened so that as many calls run at once as there are sessions.

    Attributes:
        head: what it does and how its numbers are read.
    """

    def __init__(self, file: Path, settings: ObjectModelSettings) -> None:
        """Load the model and run it once, so that the first caller does not pay for it.

        Args:
            file: an ONNX export of an Ultralytics model for detection, segmentation or pose.
            settings: how many sessions and threads.

        Raises:
            ValueError: it is no such export.
        """
        self._wait_seconds = settings.wait_seconds
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        session = _open(file, settings)
        self._input: str = session.get_inputs()[0].name
        self.head = Head.of(
            session.get_modelmeta().custom_metadata_map,
            session.get_inputs()[0].shape,
            [output.shape for output in session.get_outputs()],
        )
        # A session of one thread runs each call on the caller's own, so all share it and its weights; or on the GPU.
        alone = settings.threads == 1 or settings.device != "cpu"
        for place in range(settings.sessions):
            self._idle.put(session if alone or place == 0 else _open(file, settings))
        self.run(np.zeros((self.head.height_px, self.head.width_px, 3), np.uint8))

    def run(self, canvas: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Look at one picture.

        Args:
            canvas: height x width x 3, uint8, BGR, of a size that the head takes.

        Returns:
            Each output without the batch: the objects, and the prototypes of masks where there are any.

        Raises:
            SightlineError: OVERLOADED where no session comes free in time.
        """
        rgb = canvas[:, :, ::-1].transpose(2, 0, 1)[None]
        tensor = np.ascontiguousarray(rgb, np.float32) / np.float32(255)
        with self._session() as session:
            return [np.asarray(output[0], np.float32) for output in session.run(None, {self._input: tensor})]

    @contextmanager
    def _session(self) -> Iterator[Any]:
        try:
            session = self._idle.get(timeout=self._wait_seconds)
        except queue.Empty:
            raise SightlineError(
                Reason.OVERLOADED,
                f"no object session came free within {self._wait_seconds:g} s",
                retry_after_seconds=self._wait_seconds,
            ) from None
        try:
            yield session
        finally:
            self._idle.put(session)


def _open(file: Path, settings: ObjectModelSettings) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.inter_op_num_threads = 1
    # A plan of memory is kept for every input size that was ever seen, and pictures have many sizes.
    options.enable_mem_pattern = False
    # Threads that spin while they wait would take the processor from the other sessions.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return open_session(str(file), options, settings.device)
