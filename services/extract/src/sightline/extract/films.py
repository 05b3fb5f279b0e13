"""What is done with films in child processes: plain functions, from a file to what can be sent back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sightline.common.media.video import Video, VideoInfo
from sightline.common.settings import MediaLimits
from sightline.extract.keyframes import choose_keyframes, read_keyframes
from sightline.extract.packing import pack
from sightline.extract.pictures import PictureType, encode
from sightline.extract.slides import Slide, SlideOptions, find_slides, read_pictures

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class WrittenPicture:
    """A picture in a file.

    Attributes:
        seconds: when it is shown.
        path: the file.
        size_px: width and height.
    """

    seconds: float
    path: Path
    size_px: tuple[int, int]


def measure(path: Path, limits: MediaLimits) -> VideoInfo:
    """Read what the header of a film says, and refuse one that is not accepted.

    Raises:
        MediaRejected: as `Video.open`.
    """
    with Video.open(path, limits) as video:
        return video.info


def search(
    path: Path,
    options: SlideOptions,
    limits: MediaLimits,
    span: tuple[float, float],
    *,
    progress: Progress = lambda _share: None,
) -> bytes:
    """Find what a part of a film shows, from one time to another in seconds.

    Returns:
        The showings, packed: the next stage is given them as they are.

    Raises:
        MediaRejected: as `find_slides`.
    """
    start, end = span
    return pack(find_slides(path, options, limits, start_seconds=start, end_seconds=end, progress=progress))


def write_slides(
    path: Path,
    slides: Sequence[Slide],
    limits: MediaLimits,
    folder: Path,
    kind: PictureType,
    *,
    progress: Progress = lambda _share: None,
) -> list[WrittenPicture]:
    """Write the pictures of slides into a folder, each named by its number.

    Returns:
        The pictures, in the order of the slides.

    Raises:
        MediaRejected: MEDIA_CORRUPT when the film does not decode there.
    """
    written = {}
    for slide, pixels in read_pictures(path, slides, limits):
        file = folder / f"slide-{slide.number:03d}.{kind}"
        written[slide.number] = _written(slide.frame_seconds, pixels, file, kind)
        progress(len(written) / len(slides))
    return [written[slide.number] for slide in slides]


def write_keyframes(
    path: Path,
    limits: MediaLimits,
    most: tuple[int, int],
    folder: Path,
    kind: PictureType,
    *,
    progress: Progress = lambda _share: None,
) -> tuple[float, list[WrittenPicture]]:
    """Write the pictures that stand for a film into a folder.

    Args:
        path: the film.
        limits: what is accepted.
        most: how many pictures, and the longest side of one in pixels; 0 leaves them as large as they are.
        folder: where to.
        kind: how they are written.
        progress: told the share that is done.

    Returns:
        How long the film is, in seconds, and the pictures in their order.

    Raises:
        MediaRejected: as `Video.open` and `choose_keyframes`.
    """
    count, side = most
    written = []
    with Video.open(path, limits) as video:
        times = choose_keyframes(video, count, progress=lambda share: progress(share / 2))
        for number, keyframe in enumerate(read_keyframes(video, times, max_side_px=side), 1):
            written.append(_written(keyframe.seconds, keyframe.pixels, folder / f"keyframe-{number:03d}.{kind}", kind))
            progress(0.5 + 0.5 * number / len(times))
        return video.info.duration_seconds, written


def _written(seconds: float, pixels: NDArray[np.uint8], file: Path, kind: PictureType) -> WrittenPicture:
    file.write_bytes(encode(pixels, kind))
    return WrittenPicture(seconds, file, (pixels.shape[1], pixels.shape[0]))
