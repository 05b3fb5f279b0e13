"""What is done with films in child processes: plain functions, from a file to what can be sent back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline.common.media.video import Video, VideoInfo
from sightline.common.settings import MediaLimits
from sightline.extract.packing import pack
from sightline.extract.pictures import PictureType, encode
from sightline.extract.slides import Slide, SlideOptions, find_slides, read_pictures

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class WrittenPicture:
    """A picture in a file.

    Attributes:
        number: of the slide that it shows.
        path: the file.
        size_px: width and height.
    """

    number: int
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
        The pictures, in the order of their numbers.

    Raises:
        MediaRejected: MEDIA_CORRUPT when the film does not decode there.
    """
    written = []
    for slide, pixels in read_pictures(path, slides, limits):
        file = folder / f"slide-{slide.number:03d}.{kind}"
        file.write_bytes(encode(pixels, kind))
        written.append(WrittenPicture(slide.number, file, (pixels.shape[1], pixels.shape[0])))
        progress(len(written) / len(slides))
    return sorted(written, key=lambda picture: picture.number)
