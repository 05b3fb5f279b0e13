"""What is tried with a hostile file, in a child process as a service would; a module that the child finds by name."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import av

from sightline.common.errors import MediaRejected
from sightline.common.media.video import Video
from sightline.common.settings import MediaLimits


def read(path: Path) -> tuple[list[int], float]:
    """Read a film to its end; returns the sums of its frames, and the processor seconds that it took."""
    av.logging.set_level(None)
    began = time.process_time()
    with Video.open(path, MediaLimits()) as video:
        return [int(frame.pixels.sum()) for frame in video.frames()], time.process_time() - began


def reason_and_cost(path: Path) -> tuple[str, float, int]:
    """Try a film; returns why it is refused, and the processor seconds and bytes of memory that it took."""
    av.logging.set_level(None)
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        read(path)
    except MediaRejected as error:
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return error.reason.value, time.process_time() - began, (after - before) * 1024
    raise AssertionError("the film was accepted")


def open_unchecked(path: Path) -> int:
    """Open a film as any program would; returns the bytes of memory that it took."""
    av.logging.set_level(None)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    av.open(str(path)).close()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
