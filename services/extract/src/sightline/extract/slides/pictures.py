"""Read slides at the full size of the film."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sightline.common.errors import MediaRejected, Reason
from sightline.common.settings import MediaLimits
from sightline.extract.slides.film import FilmReader
from sightline.extract.slides.slide import Region, Slide


def read_pictures(
    path: Path, slides: Sequence[Slide], limits: MediaLimits
) -> Iterator[tuple[Slide, NDArray[np.uint8]]]:
    """Read slides at the full size of the film, cut to their regions, one after the other.

    Args:
        path: the film.
        slides: any of those that were found in it.
        limits: what is accepted.

    Returns:
        Each slide with its picture: height x width x 3, uint8, BGR, upright; in the order of `frame_seconds`.

    Raises:
        MediaRejected: MEDIA_CORRUPT when the film does not decode there.
    """
    ordered = sorted(slides, key=lambda slide: slide.frame_seconds)
    with FilmReader.open(path, limits) as reader:
        frames = reader.frames_at([slide.frame_seconds for slide in ordered])
        for slide in ordered:
            frame = next(frames, None)
            if frame is None:
                raise MediaRejected(
                    Reason.MEDIA_CORRUPT, f"the film does not decode at {slide.frame_seconds:.2f} seconds"
                )
            upright = np.rot90(frame.to_ndarray(format="bgr24"), round(frame.rotation / 90) % 4)
            yield slide, _cut(np.asarray(upright, np.uint8), slide.region)


def _cut(pixels: NDArray[np.uint8], region: Region) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    left, top, right, bottom = region
    part = pixels[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
    return np.ascontiguousarray(part)
