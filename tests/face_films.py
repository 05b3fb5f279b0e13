"""Films with real faces whose every appearance is known: faces of a photograph, moved before changing backgrounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.common.media import decode_image
from sightline.common.settings import MediaLimits

WIDTH_PX, HEIGHT_PX, RATE = 640, 360, 10

Pixels = NDArray[np.uint8]
Place = tuple[float, float]
# Faces of the Solvay photograph: left, top, right, bottom with room around, in its pixels.
PEOPLE: Mapping[str, tuple[int, int, int, int]] = {
    "Curie": (835, 1105, 965, 1270),
    "Einstein": (1565, 1100, 1705, 1265),
    "Lorentz": (1165, 1115, 1305, 1295),
    "Langevin": (1835, 1095, 1975, 1265),
}


@dataclass(frozen=True)
class Appearance:
    """One person in one scene.

    Attributes:
        person: who.
        start_seconds: when they come.
        end_seconds: when they are gone.
        path: where their middle is, in pixels, at a time from 0 (they come) to 1 (they are gone).
        behind: whether others cover them where paths meet.
    """

    person: str
    start_seconds: float
    end_seconds: float
    path: Callable[[float], Place]
    behind: bool = False


@dataclass(frozen=True)
class Scene:
    """A scene: a background of its own, and who is in it."""

    start_seconds: float
    end_seconds: float
    background: int
    appearances: Sequence[Appearance]


def line(start: Place, end: Place) -> Callable[[float], Place]:
    """Walk straight from one place to another."""
    return lambda share: (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)


def standing(place: Place) -> Callable[[float], Place]:
    """Stay where one is."""
    return lambda share: place


# Four people in three scenes. Curie and Einstein cross, with Curie behind; Lorentz leaves and comes back after four
# seconds; Langevin is only in the second scene, where Einstein is seen too; the third scene brings Curie back.
STORY = (
    Scene(
        0.0, 6.0, 1,
        (
            Appearance("Curie", 0.0, 6.0, line((100, 150), (540, 150)), behind=True),
            Appearance("Einstein", 0.0, 6.0, line((540, 165), (100, 165))),
        ),
    ),
    Scene(
        6.0, 14.0, 2,
        (
            Appearance("Lorentz", 6.0, 8.0, line((120, 240), (180, 240))),
            Appearance("Einstein", 6.0, 14.0, line((320, 130), (350, 150))),
            Appearance("Langevin", 7.0, 13.0, line((540, 200), (500, 180))),
            Appearance("Lorentz", 12.0, 14.0, line((180, 240), (120, 240))),
        ),
    ),
    Scene(14.0, 17.0, 3, (Appearance("Curie", 14.0, 17.0, line((300, 200), (340, 190))),)),
)  # fmt: skip


def write_film(
    path: Path, photograph: Path, story: Sequence[Scene] = STORY, *, repeats: int = 1, key_frames: int = 20
) -> Path:
    """Write a film in H.264.

    Args:
        path: the file to write.
        photograph: the Solvay photograph.
        story: the scenes.
        repeats: how often the story is told, one after the other.
        key_frames: how many frames there are from one key frame to the next.
    """
    faces = cut_out(photograph)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "18", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.codec_context.gop_size = key_frames
        for _ in range(repeats):
            for pixels in frames(story, faces):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
        container.mux(stream.encode())
    return path


def cut_out(photograph: Path) -> dict[str, Pixels]:
    """Cut the people out of the photograph."""
    picture = decode_image(photograph.read_bytes(), MediaLimits()).pixels
    return {name: picture[top:bottom, left:right] for name, (left, top, right, bottom) in PEOPLE.items()}


def frames(story: Sequence[Scene], faces: Mapping[str, Pixels]) -> Iterator[Pixels]:
    """Draw the frames of a story: height x width x 3, uint8, BGR."""
    for scene in story:
        background = scenery(scene.background)
        for step in range(round(scene.start_seconds * RATE), round(scene.end_seconds * RATE)):
            yield _drawn(background, scene, step / RATE, faces)


def _drawn(background: Pixels, scene: Scene, seconds: float, faces: Mapping[str, Pixels]) -> Pixels:
    pixels = background.copy()
    for one in sorted(scene.appearances, key=lambda appearance: not appearance.behind):
        if one.start_seconds <= seconds < one.end_seconds:
            share = (seconds - one.start_seconds) / (one.end_seconds - one.start_seconds)
            _paste(pixels, faces[one.person], one.path(share))
    return pixels


def _paste(pixels: Pixels, face: Pixels, middle: Place) -> None:
    """Lay a face into the picture, as an oval whose rim fades."""
    height, width = face.shape[:2]
    left, top = round(middle[0] - width / 2), round(middle[1] - height / 2)
    oval = np.zeros((height, width), np.float32)
    cv2.ellipse(oval, (width // 2, height // 2), (width // 2 - 6, height // 2 - 6), 0, 0, 360, 1.0, -1)
    share = cv2.GaussianBlur(oval, (0, 0), 2)[:, :, None]
    part = pixels[top : top + height, left : left + width]
    part[:] = (part * (1 - share) + face * share).astype(np.uint8)


def scenery(number: int) -> Pixels:
    """Draw a background: a colour of its own with large soft shapes, in which nobody is seen."""
    generator = np.random.default_rng(number)
    small = generator.integers(-40, 40, (5, 8, 3)) + generator.integers(70, 190, 3)
    large = cv2.resize(small.astype(np.float32), (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
    return np.clip(large, 0, 255).astype(np.uint8)
