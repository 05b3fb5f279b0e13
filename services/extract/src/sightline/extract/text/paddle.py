"""Text by PP-OCR models on ONNX Runtime, a bounded number of pictures at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.common.models import ModelStore
from sightline.common.models.devices import open_session
from sightline.common.models.sessions import SessionPool, open_sessions
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

        def pair() -> tuple[Any, Any]:
            return open_session(str(detector), settings.threads), open_session(str(recogniser), settings.threads)

        pairs = open_sessions(pair, settings)
        self._characters = alphabet(pairs[0][1])
        self._pool = SessionPool(pairs, "text", settings.wait_seconds)

    def read(self, pixels: NDArray[np.uint8], min_score: float | None = None) -> list[Line]:
        """Read a picture: as TextReader says."""
        least = self._settings.min_score if min_score is None else min_score
        with self._pool.session() as (detector, recogniser):
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
