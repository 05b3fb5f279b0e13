"""What results call the model or engine that made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ability = Literal["detect", "segment", "pose"]


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """A model or an engine.

    Attributes:
        name: what requests and results call it.
        version: the version of its weights, or of the engine.
        sha256: of the weights, 64 hexadecimal digits; empty for an engine that has none.
        abilities: what it can be asked for.
        classes: the names of the classes that it tells apart.
    """

    name: str
    version: str
    sha256: str
    abilities: tuple[Ability, ...]
    classes: tuple[str, ...]
