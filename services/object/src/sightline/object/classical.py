"""Segmentation of spheroids and cells without a model: even light, a threshold for each object, and a watershed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import reconstruction, remove_small_holes, remove_small_objects
from skimage.segmentation import watershed

from sightline.common.media import Image
from sightline.object.identity import ModelIdentity
from sightline.object.illumination import MEDIAN_TO_DEVIATION, evened
from sightline.object.options import SegmentOptions, unknown_name
from sightline.object.regions import Region
from sightline.object.segmentation import Found

Grey = NDArray[np.float32]
Labels = NDArray[np.int32]

VERSION = "2"
"""Of the engines: it changes whenever the same picture would give other segments."""

# An object stands out from the noise of the background by this many standard deviations, once it is smoothed.
_STANDS_OUT = 5.0
# The edge of a blurred object is where it has half its own brightness.
_HALF = 0.5
_SMOOTHING_PX = 1.2
# A joint that is narrower by less than this may be the roughness of the outline.
_LEAST_NECK_PX = 0.6
# So many pixels along the longer side tell in which colour those of a picture differ.
_SAMPLED_SIDE_PX = 256


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one kind of object looks like.

    Attributes:
        class_name: what its segments are called.
        min_diameter_px: least equivalent diameter.
        neck: two objects that touch are told apart where their joint is narrower than their bodies by this share.
    """

    class_name: str
    min_diameter_px: float
    neck: float


SPHEROIDS = Recipe("spheroid", min_diameter_px=20.0, neck=0.08)
CELLS = Recipe("cell", min_diameter_px=7.0, neck=0.08)


class ClassicalEngine:
    """Segments objects that are brighter, or darker, than what is around them."""

    def __init__(self, name: str, recipe: Recipe, side_px: int) -> None:
        """Take a recipe.

        Args:
            name: what requests and results call the engine.
            recipe: what is looked for.
            side_px: longer side of the picture that is worked on; a larger one is made smaller for it.
        """
        self.identity = ModelIdentity(name, VERSION, "", ("segment",), (recipe.class_name,))
        self._recipe = recipe
        self._side_px = side_px

    @property
    def min_diameter_px(self) -> float:
        """Least equivalent diameter of what it finds, where the request says none."""
        return self._recipe.min_diameter_px

    def find(self, image: Image, options: SegmentOptions) -> Iterator[Found]:
        """Find objects, from the top of the picture to its foot."""
        name = self._recipe.class_name
        for wanted in options.classes:
            if wanted != name:
                raise unknown_name("classes", "class", wanted, (name,))
        grey, scale = self._grey(image)
        # Smaller objects than usual need a closer look; a wish for larger ones only leaves out what was found.
        least = min(self.min_diameter_px, options.min_diameter_px or self.min_diameter_px)
        labels = label_objects(grey, max(least * scale, 3.0), self._recipe.neck)
        for number, place in enumerate(ndimage.find_objects(labels), start=1):
            if place is not None:
                yield Found(_region(labels, number, place, scale, image), 1.0, name)

    def _grey(self, image: Image) -> tuple[Grey, float]:
        pixels = image.pixels
        scale = min(1.0, self._side_px / max(pixels.shape[:2]))
        if scale < 1:
            size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        return brightness(pixels), scale


def brightness(pixels: NDArray[np.uint8]) -> Grey:
    """Make a picture grey along the colour in which its pixels differ most: a blue stain is dark to the eye.

    Args:
        pixels: height x width x 3, uint8, BGR.

    Returns:
        height x width, float32, in about the range of the samples; a grey picture stays what it is.

    Source: principal component analysis.
    """
    blue, green, red = cv2.split(pixels)
    if np.array_equal(blue, green) and np.array_equal(green, red):
        return np.asarray(green, np.float32)
    step = max(1, max(pixels.shape[:2]) // _SAMPLED_SIDE_PX)
    sample = pixels[::step, ::step].reshape(-1, 3).astype(np.float64)
    _, _, axes = np.linalg.svd(np.cov(sample, rowvar=False))
    along = axes[0] / np.abs(axes[0]).sum() * (1 if axes[0].sum() >= 0 else -1)
    return np.asarray(cv2.transform(pixels.astype(np.float32), along[None].astype(np.float32)), np.float32)


def label_objects(grey: Grey, diameter_px: float, neck: float) -> Labels:
    """Number the objects of a picture.

    Args:
        grey: height x width, float32.
        diameter_px: about the least diameter of an object.
        neck: see Recipe.

    Returns:
        height x width, int32: 0 for the background, and a number for each object, not all of them used.
    """
    light = cv2.GaussianBlur(evened(grey), (0, 0), _SMOOTHING_PX)
    mask = _standing_out(np.asarray(light, np.float32), diameter_px)
    area_px = math.pi / 4 * diameter_px**2
    mask = remove_small_objects(mask, max_size=max(int(area_px / 4), 1))
    mask = remove_small_holes(mask, max_size=max(int(area_px), 1))
    return _split(np.asarray(mask, np.bool_), neck)


def _standing_out(light: Grey, diameter_px: float) -> NDArray[np.bool_]:
    noise = MEDIAN_TO_DEVIATION * float(np.median(np.abs(light)))  # of most pixels, which are background around 0
    least = _STANDS_OUT * max(noise, 0.1)
    if np.count_nonzero(light < -least) > np.count_nonzero(light > least):
        light = -light
    # Small sparks are taken away before the brightness of each place's object is read.
    bodies = cv2.morphologyEx(light, cv2.MORPH_OPEN, _disc(diameter_px / 4))
    level = cv2.dilate(bodies, _disc(diameter_px / 2))
    return np.asarray(light > np.maximum(least, _HALF * level), np.bool_)


def _disc(radius_px: float) -> NDArray[np.uint8]:
    side = 2 * max(1, round(radius_px)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _split(mask: NDArray[np.bool_], neck: float) -> Labels:
    """Cut touching objects apart where the distance to the background has a saddle that is deep enough.

    Source: Meyer and Beucher 1990 (watershed with markers); Vincent 1993 (domes by reconstruction).
    """
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    depth = np.asarray(cv2.GaussianBlur(depth, (0, 0), 1.0) * mask, np.float32)
    needed = np.maximum(neck * depth, _LEAST_NECK_PX)
    above = depth - reconstruction(np.maximum(depth - needed, 0), depth)
    domes, dome_count = ndimage.label(above > 1e-3, np.ones((3, 3)))
    heights = np.zeros(dome_count + 1)
    inside = domes > 0
    np.maximum.at(heights, domes[inside], (above / needed)[inside])
    # A dome of full height is a body of its own: the way to any higher one leads through a neck.
    markers = domes * (heights >= 0.999)[domes]
    return np.asarray(watershed(-depth, markers, mask=mask), np.int32)


def _region(labels: Labels, number: int, place: tuple[slice, slice], scale: float, image: Image) -> Region:
    mask = labels[place] == number
    top, left = place[0].start, place[1].start
    if scale == 1:
        return Region(mask, left, top)
    rows = round(top / scale), min(round((top + mask.shape[0]) / scale), image.height_px)
    columns = round(left / scale), min(round((left + mask.shape[1]) / scale), image.width_px)
    size = max(columns[1] - columns[0], 1), max(rows[1] - rows[0], 1)
    larger = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) >= _HALF
    return Region(np.asarray(larger, np.bool_), columns[0], rows[0])
