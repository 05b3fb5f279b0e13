"""Slides whose every word and place is known, drawn with the font that Pillow carries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from sightline.common.models import ModelStore
from sightline.extract.text import Line, PaddleReader, Page, TextSettings, look_at, open_reader

Box = tuple[float, float, float, float]
LIGHT = ((255, 255, 255), (20, 20, 30))
DARK = ((24, 22, 20), (225, 225, 215))


@dataclass
class Canvas:
    """A picture in the making, BGR, and the lines that were written on it."""

    width: int = 960
    height: int = 540
    colours: tuple[tuple[int, int, int], tuple[int, int, int]] = LIGHT
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.image = Image.new("RGB", (self.width, self.height), self.colours[0])
        self.draw = ImageDraw.Draw(self.image)

    def write(self, text: str, left: float, top: float, size: float) -> Box:
        """Write a line; gives the box of its ink."""
        font = ImageFont.load_default(size)
        self.draw.text((left, top), text, fill=self.colours[1], font=font)
        box = self.draw.textbbox((left, top), text, font=font)
        self.lines.append(Line(box, text, 1.0))
        return box

    @property
    def pixels(self) -> NDArray[np.uint8]:
        return np.ascontiguousarray(np.array(self.image, np.uint8))

    @property
    def page(self) -> Page:
        """The slide as if every word had been read without a fault."""
        return look_at(self.pixels, self.lines)


@pytest.fixture
def canvas() -> Callable[..., Canvas]:
    """Makes an empty slide: `canvas(width, height, dark=True)`."""

    def make(width: int = 960, height: int = 540, *, dark: bool = False) -> Canvas:
        return Canvas(width, height, DARK if dark else LIGHT)

    return make


@pytest.fixture(scope="session")
def reader(model_store: ModelStore) -> PaddleReader:
    return open_reader(model_store, TextSettings())


@pytest.fixture(scope="session")
def quick_reader(model_store: ModelStore) -> PaddleReader:
    """Sees pictures at half the default size, for tests in which text is large: a quarter of the work."""
    return open_reader(model_store, TextSettings(side_px=480, small_side_px=480))
