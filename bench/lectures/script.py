"""A lecture as a script: shots in order, what lies over them, how it is encoded; and the truth about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import cv2
import numpy as np

from bench.lectures.overlays import Bars, Framed, Overlay
from bench.lectures.pages import Picture
from bench.lectures.shots import Scene, Still


@dataclass(frozen=True)
class Encoding:
    """How the film is encoded.

    Attributes:
        fps: frames a second.
        crf: constant rate factor of x264 and VP9; MPEG-4 and MJPEG take a fifth of it as their quantiser.
        gop: frames from key frame to key frame at most.
        scene_cut: whether the encoder begins a new group at a cut.
        preset: of x264.
        bitrate: bits a second, instead of a constant quality.
        codec: libx264, libx265, libvpx, libvpx-vp9, libsvtav1, mpeg4, mpeg2video or mjpeg.
        b_frames: whether there are frames that are built on later ones.
        varying_rate: leave out frames that equal the one before, as recorders of screens do.
        unsteady: let frames come early, late or not at all.
        container: its suffix, where it is another than usual for the codec.
        extra: further options of the encoder.
    """

    fps: int | Fraction = 25
    crf: int = 23
    gop: int = 250
    scene_cut: bool = True
    preset: str = "veryfast"
    bitrate: int | None = None
    codec: str = "libx264"
    b_frames: bool = True
    varying_rate: bool = False
    unsteady: bool = False
    container: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


Way = Literal["fade", "wipe", "push", "push_up", "cover", "grow", "black"]
"""How a slide takes the place of the one before: blended in, uncovered from the left, pushing it out to the left or
upwards, slides over it from below, grows from the middle, or both fade through black."""


@dataclass(frozen=True)
class Shot:
    """One scene, how long it is shown and how long and in what way it takes the place of what was before."""

    scene: Scene
    seconds: float
    identity: int
    fade_seconds: float = 0.0
    way: Way = "fade"


@dataclass(frozen=True)
class TruthSlide:
    """What should be found: times are seconds from the start of the film.

    Attributes:
        start: the middle of the change to it.
        identity: the same number for a slide that comes back.
        builds: when each of its builds appears; the first is `start`.
        pictures: each build without overlays but with bars, BGR.
    """

    start: float
    end: float
    identity: int
    kind: str
    builds: tuple[float, ...]
    pictures: tuple[Picture, ...]


@dataclass
class Lecture:
    """A script that can be drawn frame by frame."""

    name: str
    width: int
    height: int
    shots: list[Shot]
    overlays: list[Overlay] = field(default_factory=list)
    encoding: Encoding = field(default_factory=Encoding)

    @property
    def region(self) -> tuple[float, float, float, float]:
        """Where the slides are: left, top, right, bottom as fractions of the picture."""
        return next((one.region for one in self.overlays if isinstance(one, Bars | Framed)), (0.0, 0.0, 1.0, 1.0))

    @property
    def seconds(self) -> float:
        return sum(shot.seconds for shot in self.shots)

    def starts(self) -> list[float]:
        lengths = [shot.seconds for shot in self.shots]
        return [float(start) for start in np.cumsum([0.0, *lengths[:-1]])]

    @property
    def truth(self) -> list[TruthSlide]:
        starts = self.starts()
        changes = [start + shot.fade_seconds / 2 for start, shot in zip(starts, self.shots, strict=True)]
        ends = [*changes[1:], self.seconds]
        return [
            self._truth(shot, start, change, end)
            for shot, start, change, end in zip(self.shots, starts, changes, ends, strict=True)
        ]

    def _truth(self, shot: Shot, start: float, change: float, end: float) -> TruthSlide:
        scene = shot.scene
        if isinstance(scene, Still):
            builds = (change, *(start + time for time in scene.times[1:]))
            pictures = tuple(self._barred(picture) for picture in scene.pictures)
        else:
            builds, pictures = (change,), (self._barred(scene.at(shot.seconds)),)
        return TruthSlide(change, end, shot.identity, scene.kind, builds, pictures)

    def _barred(self, picture: Picture) -> Picture:
        shown = picture.copy()
        for overlay in self.overlays:
            if isinstance(overlay, Bars | Framed):
                overlay.draw(shown, 0.0)
        return shown

    def frames(self) -> Iterator[Picture]:
        """Draw every frame, BGR."""
        starts, index = self.starts(), 0
        for number in range(int(self.seconds * self.encoding.fps)):
            seconds = float(number / self.encoding.fps)
            while index + 1 < len(starts) and starts[index + 1] <= seconds:
                index += 1
            frame = self._shown(index, seconds - starts[index])
            for overlay in self.overlays:
                overlay.draw(frame, seconds)
            yield frame

    def _shown(self, index: int, seconds: float) -> Picture:
        shot = self.shots[index]
        shown = shot.scene.at(seconds)
        if index and seconds < shot.fade_seconds:
            before = self.shots[index - 1]
            return changed(before.scene.at(before.seconds), shown, seconds / shot.fade_seconds, shot.way)
        return shown.copy()


def changed(before: Picture, shown: Picture, share: float, way: Way) -> Picture:
    """Draw one moment of a change from one picture to the next."""
    height, width = shown.shape[:2]
    if way == "fade":
        return np.asarray(cv2.addWeighted(before, 1 - share, shown, share, 0), np.uint8)
    if way == "black":
        near = before if share < 0.5 else shown
        return np.asarray(cv2.convertScaleAbs(near, alpha=abs(1 - 2 * share)), np.uint8)
    if way == "cover":
        top = round(height * (1 - share))
        return np.concatenate([before[:top], shown[: height - top]])
    if way == "push_up":
        top = round(height * (1 - share))
        return np.concatenate([before[height - top :], shown[: height - top]])
    if way == "grow":
        return _grown(before, shown, share)
    left = round(width * share)
    if way == "wipe":
        return np.concatenate([shown[:, :left], before[:, left:]], axis=1)
    return np.concatenate([before[:, left:], shown[:, :left]], axis=1)


def _grown(before: Picture, shown: Picture, share: float) -> Picture:
    height, width = shown.shape[:2]
    wide, tall = max(1, round(width * share)), max(1, round(height * share))
    left, top = (width - wide) // 2, (height - tall) // 2
    picture = before.copy()
    picture[top : top + tall, left : left + wide] = cv2.resize(shown, (wide, tall), interpolation=cv2.INTER_AREA)
    return picture
