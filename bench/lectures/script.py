"""A lecture as a script: shots in order, what lies over them, how it is encoded; and the truth about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from bench.lectures.overlays import Bars, Overlay
from bench.lectures.pages import Picture
from bench.lectures.shots import Scene, Still


@dataclass(frozen=True)
class Encoding:
    """How x264 is asked to encode."""

    fps: int = 25
    crf: int = 23
    gop: int = 250
    scene_cut: bool = True
    preset: str = "veryfast"
    bitrate: int | None = None


@dataclass(frozen=True)
class Shot:
    """One scene, how long it is shown and how long it takes to fade in over what was before."""

    scene: Scene
    seconds: float
    identity: int
    fade_seconds: float = 0.0


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
        bars = next((overlay.share for overlay in self.overlays if isinstance(overlay, Bars)), 0.0)
        return bars, 0.0, 1 - bars, 1.0

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
            if isinstance(overlay, Bars):
                overlay.draw(shown, 0.0)
        return shown

    def frames(self) -> Iterator[Picture]:
        """Draw every frame, BGR."""
        starts, index = self.starts(), 0
        for number in range(int(self.seconds * self.encoding.fps)):
            seconds = number / self.encoding.fps
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
            share = seconds / shot.fade_seconds
            return np.asarray(cv2.addWeighted(before.scene.at(before.seconds), 1 - share, shown, share, 0), np.uint8)
        return shown.copy()
