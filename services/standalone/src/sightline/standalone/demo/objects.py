"""Objects of a picture, and the outlines and sizes of what lies in another."""

from __future__ import annotations

from pathlib import Path

import skimage.data
from rich.console import Console

from sightline.client import Sightline
from sightline.client.object_drawing import draw_objects, draw_segments
from sightline.standalone.demo.pictures import Picture
from sightline.standalone.program import StandaloneError

# Roman coins from Pompeii, by the Brooklyn Museum: 24 in four rows; scikit-image carries the picture.
_COINS, _LEAST_COINS = "coins.png", 20


def show_objects(console: Console, sightline: Sightline, portrait: Picture, out: Path) -> None:
    """Find the person of a portrait, and measure coins.

    Raises:
        StandaloneError: what was found is not what is in the pictures.
    """
    job = sightline.jobs.detect_objects(portrait.path, force=True, wait=True)
    (result,) = sightline.jobs.results(job)
    objects = result.detect_objects.objects
    draw_objects(portrait.path, objects, out / f"{portrait.name}.objects.jpg")
    if not objects:
        raise StandaloneError(f"nobody was found in the picture of {portrait.shows}")
    surest = max(objects, key=lambda one: one.score)
    console.print(
        f"\nObjects of {portrait.name}: {len(objects)}, the surest of class {surest.class_name} ({surest.score:.2f}); "
        "the default model tells people who stand from people who fell"
    )
    coins = Path(skimage.data.__file__).parent / _COINS
    job = sightline.jobs.segment(coins, min_diameter_px=20.0, masks=False, force=True, wait=True)
    (result,) = sightline.jobs.results(job)
    segments = result.segment.segments
    draw_segments(coins, segments, out / "coins.segments.jpg")
    if len(segments) < _LEAST_COINS:
        raise StandaloneError(f"{len(segments)} of 24 coins were found")
    widths = sorted(one.equivalent_diameter_px for one in segments)
    console.print(f"Segments of {_COINS}: {len(segments)}, from {widths[0]:.0f} to {widths[-1]:.0f} px across")
