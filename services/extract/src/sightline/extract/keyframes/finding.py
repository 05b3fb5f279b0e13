"""Find the pictures that stand for a film, and read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.common.errors import MediaRejected, Reason
from sightline.common.media.video import Effort, Video
from sightline.extract.keyframes.choosing import choose
from sightline.extract.keyframes.looks import Look, look_at

# How many frames are looked at for each that is wanted; more than this changes nothing that a person would see.
_LOOKS = 12
_LEAST_LOOKS = 60
# Fewer key frames than this for each picture that is wanted, and what lies between them is looked at too.
_FEW = 3
# Where the header does not say how long a film is.
_UNKNOWN_EVERY_SECONDS = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Keyframe:
    """A picture that stands for a part of a film.

    Attributes:
        seconds: its time from the start of the film.
        pixels: height x width x 3, uint8, BGR, upright.
    """

    seconds: float
    pixels: NDArray[np.uint8]


def choose_keyframes(
    video: Video, max_count: int, *, progress: Callable[[float], None] = lambda _share: None
) -> list[float]:
    """Choose the frames that stand for a film: of its scenes, sharp, not black, and no two that look the same.

    Args:
        video: an open film.
        max_count: most frames, 1 or more.
        progress: told the share that is done, 0 to 1; what it raises ends the search.

    Returns:
        Their times in seconds, in order; at least one.

    Raises:
        MediaRejected: as `Video.frames`.
    """
    seconds = video.info.duration_seconds
    wanted = max(_LOOKS * max_count, _LEAST_LOOKS)
    every = seconds / wanted if seconds else _UNKNOWN_EVERY_SECONDS
    looks = _look_through(video, every, "key", lambda share: progress(share / 2))
    if len(looks) < _FEW * max_count:
        looks = _look_through(video, every, "reference", progress) or looks
    if not looks:
        raise MediaRejected(Reason.MEDIA_CORRUPT, "no picture of the film decodes")
    progress(1.0)
    return [look.seconds for look in choose(looks, max_count)]


def read_keyframes(video: Video, times: Sequence[float], *, max_side_px: int = 0) -> Iterator[Keyframe]:
    """Read the frames that were chosen, one after the other.

    Args:
        video: an open film.
        times: what `choose_keyframes` gave.
        max_side_px: longest side of the pictures; smaller ones are not enlarged. 0 for as they are.

    Raises:
        MediaRejected: as `Video.frames`.
    """
    for seconds in times:
        for frame in video.frames(start_seconds=seconds):
            yield Keyframe(seconds, _shrunk(frame.pixels, max_side_px))
            break


def _look_through(video: Video, every_seconds: float, effort: Effort, progress: Callable[[float], None]) -> list[Look]:
    looks = []
    for frame in video.frames(every_seconds=every_seconds, effort=effort):
        looks.append(look_at(frame.pixels, frame.seconds))
        if video.info.duration_seconds:
            progress(min(frame.seconds / video.info.duration_seconds, 1.0))
    return looks


def _shrunk(pixels: NDArray[np.uint8], max_side_px: int) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    if max_side_px == 0 or max(height, width) <= max_side_px:
        return pixels
    share = max_side_px / max(height, width)
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
