"""What a model takes a face for: age and sex. It errs, and is no ground for a decision about anyone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from insightface.model_zoo.attribute import Attribute
from numpy.typing import NDArray

from sightline.common.errors import Reason, SightlineError
from sightline.common.media.geometry import Box
from sightline.common.models import ModelEntry
from sightline.face.graph import Graph

# What the model takes.
_SIDE_PX = 96


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the model says of one face.

    Attributes:
        age_years: 0 or more.
        female: the sex.
        model: the catalogue's entry of the model that said so.
    """

    age_years: float
    female: bool
    model: ModelEntry


class AttributeModel:
    """Insightface's model of age and sex; safe to call from many threads.

    Attributes:
        entry: its entry in the catalogue.
    """

    def __init__(self, path: Path, entry: ModelEntry) -> None:
        """Load the model, with one thread for each call.

        Raises:
            SightlineError: MODEL_UNAVAILABLE where the file is no model of age and sex.
        """
        self.entry = entry
        self._model = Attribute(str(path), session=Graph(path.read_bytes(), (_SIDE_PX, _SIDE_PX)).session(1))
        if self._model.taskname != "genderage":
            raise SightlineError(Reason.MODEL_UNAVAILABLE, f"{entry.name} does not tell age and sex")

    def tell(self, pixels: NDArray[np.uint8], box: Box) -> Attributes:
        """Say what a face looks like.

        Args:
            pixels: the picture, height x width x 3, uint8, BGR.
            box: the face in it, in those pixels.
        """
        sex, age = self._model.get(pixels, _Subject(box))
        # Insightface's model gives the age in whole years; 1 is male.
        return Attributes(max(float(age), 0.0), int(sex) == 0, self.entry)


class _Subject(dict[str, Any]):
    """A face as insightface wants it: it writes its answer into it, too."""

    def __init__(self, box: Box) -> None:
        super().__init__()
        self.bbox = np.array(box, np.float32)
