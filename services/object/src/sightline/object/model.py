"""The models behind objects: Ultralytics exports on ONNX Runtime, a bounded number of pictures at once."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.common.models.devices import open_session
from sightline.common.models.sessions import SessionPool, open_sessions
from sightline.object.batching import Batching
from sightline.object.head import Head
from sightline.object.settings import ObjectModelSettings

# A GPU looks at so many pictures in little more time than at one; a processor gains next to nothing (bench/batching).
_BATCH_OF_GPU = 8


class ObjectModel:
    """One export, opened so that as many calls run at once as there are sessions, each of one picture or of several.

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
        sessions = open_sessions(
            partial(open_session, str(file), settings.threads, settings.device), settings, settings.device
        )
        self._pool: SessionPool[Any] = SessionPool(sessions, "object", settings.wait_seconds)
        of_input = sessions[0].get_inputs()[0]
        self._batching = Batching(self._pool, of_input.name, most_together(of_input.shape[0], settings))
        self.head = Head.of(
            sessions[0].get_modelmeta().custom_metadata_map,
            of_input.shape,
            [output.shape for output in sessions[0].get_outputs()],
        )
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
        return self._batching.run(np.ascontiguousarray(rgb, np.float32) / np.float32(255))


def most_together(batch: int | str | None, settings: ObjectModelSettings) -> int:
    """Say how many pictures run together at most: one through an export that was made for one."""
    if isinstance(batch, int):
        return 1
    return settings.batch_max or (1 if settings.device == "cpu" else _BATCH_OF_GPU)
