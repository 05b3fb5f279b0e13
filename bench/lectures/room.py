"""More that lies over slides: the room that a screen stands in, a round picture of the lecturer, a bar that grows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from bench.lectures.overlays import Framed, Inset, Noise
from bench.lectures.pages import Picture


class RoundInset(Inset):
    """The lecturer's picture, cut to a circle."""

    def __init__(self, seed: int, box: tuple[int, int, int, int]) -> None:
        super().__init__(seed, box)
        x1, y1, x2, y2 = box
        circle = np.zeros((y2 - y1, x2 - x1), np.uint8)
        cv2.circle(circle, ((x2 - x1) // 2, (y2 - y1) // 2), min(y2 - y1, x2 - x1) // 2, 1, -1)
        self._circle = circle.astype(np.bool_)

    def draw(self, frame: Picture, seconds: float) -> None:
        x1, y1, x2, y2 = self.box
        under = frame[y1:y2, x1:x2].copy()
        super().draw(frame, seconds)
        frame[y1:y2, x1:x2][~self._circle] = under[~self._circle]


class Screen(Framed):
    """Slides on a screen in a dark room, somebody who walks up and down before it, and the noise of a camera."""

    def __init__(
        self, size: tuple[int, int], region: tuple[float, float, float, float], seed: int, noise: float
    ) -> None:
        super().__init__(size, region, seed, lecturer=False, ground=36)
        self._noise = Noise(seed, noise, *size)

    def draw(self, frame: Picture, seconds: float) -> None:
        super().draw(frame, seconds)
        height, width = frame.shape[:2]
        x = int(width * (0.25 + 0.2 * math.sin(seconds * 0.35) + 0.02 * math.sin(seconds * 2.2)))
        y = int(height * (0.72 + 0.01 * math.sin(seconds * 3.1)))
        cv2.ellipse(frame, (x, height + height // 20), (width // 14, height // 4), 0, 180, 360, (45, 35, 30), -1)
        cv2.circle(frame, (x, y), height // 14, (110, 140, 180), -1)
        self._noise.draw(frame, seconds)


@dataclass
class ProgressBar:
    """A thin bar at the foot that grows with time."""

    duration: float

    def draw(self, frame: Picture, seconds: float) -> None:
        height, width = frame.shape[:2]
        frame[height - height // 72 :] = (60, 60, 60)
        frame[height - height // 72 :, : int(width * min(1.0, seconds / self.duration))] = (40, 40, 220)
