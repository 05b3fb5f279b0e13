"""What reads text: the interface that every engine has."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sightline.extract.text.line import Line


class TextReader(Protocol):
    """Reads the text of pictures; one reader serves many threads at once."""

    def read(self, pixels: NDArray[np.uint8], min_score: float | None = None) -> list[Line]:
        """Read a picture.

        Args:
            pixels: height x width x 3, uint8, BGR.
            min_score: lines that the model is less sure of are left out, 0 to 1; None for the reader's default.

        Returns:
            The lines in reading order, column by column; none where there is no text.

        Raises:
            SightlineError: OVERLOADED where no session comes free in time.
        """
        ...
