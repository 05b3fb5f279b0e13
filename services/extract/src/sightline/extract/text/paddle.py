"""Text by PP-OCR models on ONNX Runtime, a bounded number of pictures at once."""

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
from sightline.common.models import ModelStore
from sightline.extract.text.detection import Quads, find_quads
from sightline.extract.text.line import Line
from sightline.extract.text.ordering import in_reading_order
from sightline.extract.text.recognition import alphabet, read_line
from sightline.extract.text.settings import TextSettings

# The lowest boxes that the detector can give: text that low may be missed, and the picture is seen again, larger.
_SMALL_PX = 13.0


def open_reader(store: ModelStore, settings: TextSettings) -> PaddleReader:
    """Open the reader that the settings name.

    Raises:
        SightlineError: MODEL_UNAVAILABLE where a model is missing; the message says how to get it.
    """
    return PaddleReader(store.path(settings.detector), store.path(settings.recogniser), settings)


class PaddleReader:
    """A TextReader with a detector of lines and a recogniser; see `TextReader` for what it promises."""

    def __init__(self, detector: Path, recogniser: Path, settings: TextSettings) -> None:
        """Load both models.

        Args:
            detector: a PP-OCR detector as ONNX.
            recogniser: a PP-OCR recogniser as ONNX, with its characters in its metadata.
            settings: how many sessions and threads, and how closely to look.
        """
        self._settings = settings
        self._idle: queue.LifoQueue[tuple[Any, Any]] = queue.LifoQueue()
        pair = _open(detector, settings.threads), _open(recogniser, settings.threads)
        self._characters = alphabet(pair[1])
        # A session of one thread runs each call on the caller's own, so all can share it and its weights.
        alone = settings.threads == 1
        for place in range(settings.sessions):
            another = alone or place == 0
            self._idle.put(
                pair if another else (_open(detector, settings.threads), _open(recogniser, settings.threads))
            )

    def read(self, pixels: NDArray[np.uint8], min_score: float | None = None) -> list[Line]:
        """Read a picture: as TextReader says."""
        least = self._settings.min_score if min_score is None else min_score
        with self._sessions() as (detector, recogniser):
            lines = []
            for quad in self._find(detector, pixels):
                text, score = read_line(recogniser, self._characters, pixels, quad)
                if text and score >= least:
                    (left, top), (right, bottom) = quad.min(0).tolist(), quad.max(0).tolist()
                    lines.append(Line((left, top, right, bottom), text, score))
        return in_reading_order(lines)

    def _find(self, detector: Any, pixels: NDArray[np.uint8]) -> Quads:
        settings = self._settings
        quads = find_quads(detector, pixels, settings.side_px, settings.max_lines)
        closer = min(settings.small_side_px, max(pixels.shape[:2]))
        if len(quads) and closer > settings.side_px:
            heights = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1) * settings.side_px / max(pixels.shape[:2])
            if np.quantile(heights, 0.25) < _SMALL_PX:
                return find_quads(detector, pixels, closer, settings.max_lines)
        return quads

    @contextmanager
    def _sessions(self) -> Iterator[tuple[Any, Any]]:
        wait = self._settings.wait_seconds
        try:
            pair = self._idle.get(timeout=wait)
        except queue.Empty:
            raise SightlineError(
                Reason.OVERLOADED, f"no text session came free within {wait:g} s", retry_after_seconds=wait
            ) from None
        try:
            yield pair
        finally:
            self._idle.put(pair)


def _open(file: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A plan of memory is kept for every input size that was ever seen, and lines have many sizes.
    options.enable_mem_pattern = False
    # Threads that spin while they wait would take the processor from the other sessions.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
