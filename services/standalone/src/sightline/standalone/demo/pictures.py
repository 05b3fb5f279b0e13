"""The pictures of the demonstration: verified samples of the catalogue, and one that a package carries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import skimage.data

from sightline.common.models import ModelStore
from sightline.common.settings import ModelSettings

_SAMPLES = {
    "solvay-1927": "the Solvay conference of 1927, 29 people",
    "newton": "Isaac Newton, painted after Godfrey Kneller",
    "gauss": "Carl Friedrich Gauss, a painting of the 19th century",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: its name, what it shows, and where it lies."""

    name: str
    shows: str
    path: Path


def pictures(models: Path) -> list[Picture]:
    """List the pictures, the group photograph first; those that are missing are fetched.

    Args:
        models: the folder of fetched models and samples.
    """
    store = ModelStore(ModelSettings(folder=models, allow_noncommercial=True))
    store.fetch(_SAMPLES)
    samples = [Picture(name, shows, store.path(name)) for name, shows in _SAMPLES.items()]
    # NASA's portrait of Eileen Collins, public domain; scikit-image carries it.
    astronaut = Path(skimage.data.__file__).parent / "astronaut.png"
    return [*samples, Picture("astronaut", "the astronaut Eileen Collins, by NASA", astronaut)]
