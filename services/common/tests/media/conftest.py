"""Pictures made for the tests of media."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sightline.common.settings import MediaLimits


@pytest.fixture(scope="session")
def limits() -> MediaLimits:
    return MediaLimits()


@pytest.fixture(scope="session")
def scene() -> NDArray[np.uint8]:
    """84 x 60, BGR: a soft pattern with one red corner, top left."""
    noise = np.random.default_rng(0).integers(0, 256, (60, 84, 3), np.uint8)
    pixels = np.asarray(cv2.GaussianBlur(noise, (9, 9), 3), np.uint8)
    pixels[:20, :30] = (0, 0, 255)
    return pixels


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    """Encode pixels as the extension says."""

    def encoded(extension: str, pixels: NDArray[np.generic], parameters: tuple[int, ...] = ()) -> bytes:
        done, data = cv2.imencode(extension, np.asarray(pixels, pixels.dtype), list(parameters))
        assert done
        return data.tobytes()

    return encoded
