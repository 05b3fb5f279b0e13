"""Cuts, and what is none: a camera that turns or comes nearer, light that changes."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from sightline.common.media import Image
from sightline.face.scenes import is_cut, reduced

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def pictures(solvay: Image, portrait: Image, group: Image) -> list[Pixels]:
    """Photographs and a painting, grey and in colour."""
    names = ("astronaut", "coffee", "chelsea", "rocket")
    more = [np.ascontiguousarray(getattr(skimage.data, name)()[:, :, ::-1]) for name in names]
    return [solvay.pixels, portrait.pixels, group.pixels, *more]


def shot(pixels: Pixels, *, turned: float = 0.0, nearer: float = 1.0) -> Pixels:
    """Show a part of a picture as a camera would."""
    height, width = pixels.shape[:2]
    across = width * 0.6 / nearer
    down = min(across * 9 / 16, height * 0.6 / nearer)
    left, top = int(width * (0.5 + turned) - across / 2), int(height * 0.45 - down / 2)
    part = pixels[max(top, 0) : top + int(down), max(left, 0) : left + int(across)]
    return np.asarray(cv2.resize(part, (320, 180), interpolation=cv2.INTER_AREA), np.uint8)


def seen_as_cut(before: Pixels, after: Pixels) -> bool:
    return is_cut(reduced(before), reduced(after))


def test_other_pictures_are_other_scenes(pictures: list[Pixels]) -> None:
    pairs = list(combinations([shot(pixels) for pixels in pictures], 2))
    assert all(seen_as_cut(one, other) and seen_as_cut(other, one) for one, other in pairs)


@pytest.mark.parametrize("turned", [0.02, 0.05, 0.1])
def test_a_camera_that_turns_stays_in_the_scene(turned: float, pictures: list[Pixels]) -> None:
    assert not any(seen_as_cut(shot(pixels), shot(pixels, turned=turned)) for pixels in pictures)


@pytest.mark.parametrize("nearer", [1.05, 1.3])
def test_a_camera_that_comes_nearer_stays_in_the_scene(nearer: float, pictures: list[Pixels]) -> None:
    assert not any(seen_as_cut(shot(pixels), shot(pixels, nearer=nearer)) for pixels in pictures)


@pytest.mark.parametrize("light", [0.6, 0.8, 1.3])
def test_light_that_changes_is_no_cut(light: float, pictures: list[Pixels]) -> None:
    for pixels in pictures:
        lit = np.clip(shot(pixels) * light, 0, 255).astype(np.uint8)
        assert not seen_as_cut(shot(pixels), lit)


def test_frames_of_one_colour_are_one_scene_and_a_picture_after_them_is_another(pictures: list[Pixels]) -> None:
    black = np.zeros((180, 320, 3), np.uint8)
    assert not seen_as_cut(black, black)
    assert seen_as_cut(black, shot(pictures[3]))
