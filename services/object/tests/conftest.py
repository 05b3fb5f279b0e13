"""The models and pictures of these tests, and microscope pictures whose every pixel is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from sightline.common.media import Image, ImageFormat
from sightline.common.models import ModelStore
from sightline.object.detector import Detector
from sightline.object.identity import ModelIdentity
from sightline.object.loading import load_detector
from sightline.object.model import ObjectModel
from sightline.object.settings import ObjectModelSettings

SETTINGS = ObjectModelSettings()
DEFAULT = SETTINGS.detectors[0]
# COCO models for tests, beside the checkout where there are some; the same is asserted of the default model without.
COCO_FOLDER = Path(__file__).resolve().parents[4] / "shared" / "models"
# What each model must see in each picture; the default model knows people only.
SEEN = {
    "yolo11n_coco80_int8_320": {"astronaut": "person", "coffee": "cup", "chelsea": "cat", "rocket": None},
    "yolov8n_coco80_int8_640": {"astronaut": "person", "coffee": "cup", "chelsea": "cat", "rocket": None},
    "yolov8n-seg_coco80_int8_320": {"astronaut": "person", "coffee": "cup", "chelsea": "cat", "rocket": None},
    DEFAULT: {"astronaut": "Normal", "rocket": None},
}


def picture(name: str) -> Image:
    """Give a real picture of scikit-image."""
    return of_pixels(np.ascontiguousarray(getattr(skimage.data, name)()[:, :, ::-1]))


def of_pixels(pixels: NDArray[np.uint8]) -> Image:
    """Take pixels in BGR as a picture."""
    return Image(pixels, pixels.shape[1], pixels.shape[0], ImageFormat.PNG)


def model_names() -> list[str]:
    """Name the models that are here."""
    return [DEFAULT, *(path.stem for path in sorted(COCO_FOLDER.glob("*.onnx")) if path.stem in SEEN)]


@pytest.fixture(scope="session")
def load(model_store: ModelStore) -> Callable[[str], Detector]:
    """Loads a model by name, each once."""
    loaded: dict[str, Detector] = {}

    def of(name: str) -> Detector:
        if name not in loaded:
            if name == DEFAULT:
                loaded[name] = load_detector(name, model_store, SETTINGS)
            else:
                model = ObjectModel(COCO_FOLDER / f"{name}.onnx", SETTINGS)
                identity = ModelIdentity(name, "1", "", ("detect",), model.head.names)
                loaded[name] = Detector(model, SETTINGS, identity)
        return loaded[name]

    return of


@pytest.fixture(scope="session", params=model_names())
def detector(request: pytest.FixtureRequest, load: Callable[[str], Detector]) -> Detector:
    """Each of the models that are here."""
    return load(request.param)


@pytest.fixture(scope="session")
def default_detector(load: Callable[[str], Detector]) -> Detector:
    return load(DEFAULT)


@pytest.fixture
def take() -> Callable[[str], Image]:
    """Takes a picture by its name."""
    return picture


@pytest.fixture
def as_image() -> Callable[[NDArray[np.uint8]], Image]:
    """Takes pixels as a picture."""
    return of_pixels


@pytest.fixture(scope="session")
def seen() -> dict[str, dict[str, str | None]]:
    """What each model must see in each picture."""
    return SEEN


@dataclass(frozen=True)
class Culture:
    """A microscope picture and the truth about it."""

    image: Image
    truth: Sequence[NDArray[np.bool_]]


@pytest.fixture(scope="session")
def culture() -> Callable[..., Culture]:
    """Makes pictures of ellipses in uneven light, blurred and with noise; every second one touches the one before."""

    def make(
        seed: int,
        *,
        touching: bool,
        radii_px: tuple[float, float] = (22, 60),
        count: int = 14,
        bright: bool = True,
        noise: float = 6.0,
        blur_px: float = 2.0,
    ) -> Culture:
        generator = np.random.default_rng(seed)
        height, width = 768, 1024
        truth = _bodies(generator, (height, width), radii_px, count, touching=touching)
        light = np.zeros((height, width))
        for mask in truth:
            light[mask] = generator.uniform(50, 120)
        light = cv2.GaussianBlur(light, (0, 0), blur_px)
        y, x = np.mgrid[:height, :width]
        background = 90 + 50 * (x / width - 0.5) + 30 * (4 * (y / height - 0.5) ** 2 - 0.5)
        shown = background + light if bright else background + 80 - light
        pixels = np.clip(shown + generator.normal(0, noise, shown.shape), 0, 255).astype(np.uint8)
        return Culture(of_pixels(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), np.uint8)), truth)

    return make


def _bodies(
    generator: np.random.Generator, shape: tuple[int, int], radii_px: tuple[float, float], count: int, *, touching: bool
) -> list[NDArray[np.bool_]]:
    height, width = shape
    rows, columns = np.mgrid[:height, :width]
    placed: list[tuple[float, float, float]] = []
    masks: list[NDArray[np.bool_]] = []
    taken = np.zeros((height, width), np.bool_)
    for _ in range(3000):
        if len(masks) == count:
            break
        radius, partner = generator.uniform(*radii_px), touching and len(masks) % 2 == 1
        y, x = generator.uniform(0, height), generator.uniform(0, width)
        if partner:
            near_y, near_x, near_radius = placed[-1]
            angle, apart = generator.uniform(0, 2 * np.pi), (near_radius + radius) * generator.uniform(0.86, 0.97)
            y, x = near_y + apart * np.sin(angle), near_x + apart * np.cos(angle)
        others = placed[:-1] if partner else placed
        inside = radius + 3 < y < height - radius - 3 and radius + 3 < x < width - radius - 3
        if not inside or any(np.hypot(y - b, x - a) < radius + r + 10 for b, a, r in others):
            continue
        flat, turn = (1.0 if touching else generator.uniform(0.8, 1.0)), generator.uniform(0, np.pi)
        window = np.s_[int(y - radius) - 1 : int(y + radius) + 3, int(x - radius) - 1 : int(x + radius) + 3]
        down, right = rows[window] - y, columns[window] - x
        along, across = right * np.cos(turn) + down * np.sin(turn), down * np.cos(turn) - right * np.sin(turn)
        mask = np.zeros((height, width), np.bool_)
        mask[window] = ((along / radius) ** 2 + (across / (flat * radius)) ** 2 <= 1) & ~taken[window]
        taken |= mask
        masks.append(mask)
        placed.append((y, x, radius))
    return masks


@pytest.fixture(scope="session")
def whole_mask() -> Callable[[Any, tuple[int, int]], NDArray[np.bool_]]:
    """Puts a region back into a picture of this height and width."""

    def put(region: Any, shape: tuple[int, int]) -> NDArray[np.bool_]:
        mask = np.zeros(shape, np.bool_)
        height, width = region.mask.shape
        mask[region.top_px : region.top_px + height, region.left_px : region.left_px + width] = region.mask
        return mask

    return put
