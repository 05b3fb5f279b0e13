"""What is shown for a while: a page with builds, a scrolled page, a zoomed page, a page with a clip, a camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from bench.lectures.overlays import Person
from bench.lectures.pages import Picture


class Scene(Protocol):
    """Gives the picture at a time since the shot began; the array belongs to the scene and is not written to."""

    kind: str

    def at(self, seconds: float) -> Picture: ...


@dataclass
class Still:
    """A page whose builds appear at times; the first at 0."""

    pictures: list[Picture]
    times: list[float]
    kind: str = "slide"

    def at(self, seconds: float) -> Picture:
        return self.pictures[max(0, sum(1 for time in self.times if time <= seconds) - 1)]


@dataclass
class Scrolled:
    """A tall page that moves from the top to `shift_px` below it, between two times."""

    tall: Picture
    height: int
    begin: float
    lasts: float
    shift_px: int
    kind: str = "slide"

    def at(self, seconds: float) -> Picture:
        share = min(1.0, max(0.0, (seconds - self.begin) / self.lasts))
        top = round(share * self.shift_px)
        return np.ascontiguousarray(self.tall[top : top + self.height])


@dataclass
class Zoomed:
    """A page that is magnified between two times, and then shown whole again."""

    picture: Picture
    begin: float
    end: float
    factor: float
    centre: tuple[float, float]
    kind: str = "slide"

    def at(self, seconds: float) -> Picture:
        ramp = 0.5
        share = min(1.0, max(0.0, (seconds - self.begin) / ramp)) - min(1.0, max(0.0, (seconds - self.end) / ramp))
        if share <= 0:
            return self.picture
        height, width = self.picture.shape[:2]
        factor = 1 + (self.factor - 1) * share
        wide, tall = int(width / factor), int(height / factor)
        left, top = int((width - wide) * self.centre[0]), int((height - tall) * self.centre[1])
        part = self.picture[top : top + tall, left : left + wide]
        return np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


@dataclass
class WithClip:
    """A page in which something moves inside a box between two times."""

    picture: Picture
    box: tuple[int, int, int, int]
    begin: float
    end: float
    person: Person
    frames_a_second: float = 25.0
    kind: str = "slide"

    def at(self, seconds: float) -> Picture:
        moment = min(max(seconds, self.begin), self.end)
        shown = self.picture.copy()
        x1, y1, x2, y2 = self.box
        shown[y1:y2, x1:x2] = self.person.frame(int(moment * self.frames_a_second) / self.frames_a_second)
        return shown


@dataclass
class Camera:
    """The whole frame is a camera's."""

    person: Person
    shake: bool
    pace: float = 1.0
    kind: str = "camera"

    def at(self, seconds: float) -> Picture:
        return self.person.frame(seconds * self.pace, self.shake)


@dataclass
class FlyingIn(Still):
    """A page whose builds fly in, from the left or from below."""

    lasts: float = 0.5
    from_left: bool = True

    def at(self, seconds: float) -> Picture:
        index = max(0, sum(1 for time in self.times if time <= seconds) - 1)
        share = min(1.0, (seconds - self.times[index]) / self.lasts)
        shown = self.pictures[index]
        if not index or share >= 1:
            return shown
        before = self.pictures[index - 1]
        ink = (shown != before).any(2)
        height, width = ink.shape
        right, down = (-round(width * (1 - share)), 0) if self.from_left else (0, round(height * (1 - share)))
        move = np.array([[1, 0, right], [0, 1, down]], np.float32)
        where = cv2.warpAffine(ink.astype(np.uint8), move, (width, height), flags=cv2.INTER_NEAREST) > 0
        moved = before.copy()
        moved[where] = cv2.warpAffine(shown, move, (width, height), flags=cv2.INTER_NEAREST)[where]
        return moved


class Blank:
    """One colour all over; black is no slide, a page without anything on it is."""

    def __init__(self, width: int, height: int, colour: tuple[int, int, int], kind: str) -> None:
        self.kind = kind
        self._picture = np.full((height, width, 3), colour, np.uint8)

    def at(self, seconds: float) -> Picture:
        return self._picture


@dataclass
class Looped:
    """A page on which a few pictures are shown over and over, as in an animated GIF: a ball on its round."""

    picture: Picture
    box: tuple[int, int, int, int]
    period: float
    kind: str = "slide"

    def at(self, seconds: float) -> Picture:
        shown = self.picture.copy()
        x1, y1, x2, y2 = self.box
        cv2.rectangle(shown, (x1, y1), (x2, y2), (200, 200, 200), -1)
        angle = 2 * np.pi * int(seconds % self.period * 10) / (self.period * 10)
        radius = (x2 - x1) * 0.35
        centre = (int((x1 + x2) / 2 + radius * np.cos(angle)), int((y1 + y2) / 2 + radius * np.sin(angle)))
        cv2.circle(shown, centre, (x2 - x1) // 8, (40, 60, 220), -1)
        return shown
