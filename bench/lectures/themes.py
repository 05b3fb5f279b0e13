"""How the slides of one lecture look: colours, template, sizes; drawn from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

Colour = tuple[int, int, int]

_LIGHT: list[tuple[Colour, Colour, Colour]] = [
    ((255, 255, 255), (20, 20, 20), (160, 60, 20)),
    ((250, 246, 240), (60, 40, 30), (40, 90, 200)),
    ((235, 240, 245), (50, 50, 60), (30, 120, 60)),
]
_DARK: list[tuple[Colour, Colour, Colour]] = [
    ((20, 20, 24), (235, 235, 235), (80, 200, 255)),
    ((70, 40, 20), (240, 240, 230), (120, 220, 160)),
    ((45, 45, 45), (200, 200, 205), (90, 140, 250)),
]


@dataclass(frozen=True)
class Theme:
    """Colours are BGR; `template` is what stands on every page."""

    background: Colour
    ink: Colour
    accent: Colour
    template: str
    title_share: float
    text_share: float
    numbered: bool
    gradient: bool


def make_theme(rng: random.Random) -> Theme:
    background, ink, accent = rng.choice(_LIGHT if rng.random() < 0.6 else _DARK)
    return Theme(
        background,
        ink,
        accent,
        rng.choice(["none", "bar", "footer", "logo", "sidebar"]),
        rng.uniform(0.075, 0.1),
        rng.uniform(0.042, 0.06),
        rng.random() < 0.7,
        rng.random() < 0.25,
    )
