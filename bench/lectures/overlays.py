"""What lies over the slides and is no slide: a lecturer's picture, a pointer, subtitles, noise, bars."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.lectures.pages import Picture, photo, words


class Overlay(Protocol):
    """Draws onto a frame in place."""

    def draw(self, frame: Picture, seconds: float) -> None: ...


class Person:
    """A moving head and shoulders before a room: what a camera would give."""

    def __init__(self, seed: int, width: int, height: int, noise: float = 3.0) -> None:
        self._room = photo(seed, width + 16, height + 16)
        self._noise = np.random.default_rng(seed).normal(0, noise, (8, height, width, 1)).astype(np.float32)
        self._phase = seed % 7
        self._size = (width, height)

    def frame(self, seconds: float, shake: bool = False) -> Picture:
        width, height = self._size
        dx, dy = (8 + int(6 * math.sin(seconds * 0.9)), 8 + int(5 * math.sin(seconds * 1.3))) if shake else (8, 8)
        shown = self._room[dy : dy + height, dx : dx + width].astype(np.float32)
        x = int(width * (0.5 + 0.1 * math.sin(seconds * 1.1 + self._phase) + 0.04 * math.sin(seconds * 4.1)))
        y = int(height * (0.42 + 0.03 * math.sin(seconds * 2.3)))
        cv2.ellipse(shown, (x, height), (int(width * 0.3), int(height * 0.38)), 0, 180, 360, (90, 60, 50), -1)
        cv2.circle(shown, (x, y), int(height * 0.2), (140, 170, 215), -1)
        mouth = int(height * (0.02 + 0.02 * abs(math.sin(seconds * 7))))
        cv2.ellipse(shown, (x, y + height // 10), (height // 16, mouth), 0, 0, 360, (40, 40, 120), -1)
        hand = int(width * (0.5 + 0.35 * math.sin(seconds * 2.7 + self._phase)))
        cv2.circle(shown, (hand, int(height * 0.8)), height // 12, (140, 170, 215), -1)
        shown += self._noise[int(seconds * 25) % 8]
        return np.clip(shown, 0, 255).astype(np.uint8)


class Inset:
    """The lecturer's picture in a corner, between two times."""

    def __init__(self, seed: int, box: tuple[int, int, int, int], since: float = 0.0, until: float = 1e9) -> None:
        self.box, self._since, self._until = box, since, until
        self._person = Person(seed, box[2] - box[0], box[3] - box[1])

    def draw(self, frame: Picture, seconds: float) -> None:
        if self._since <= seconds < self._until:
            x1, y1, x2, y2 = self.box
            frame[y1:y2, x1:x2] = self._person.frame(seconds)


@dataclass
class Pointer:
    """A mouse that moves, rests, and may leave a trail."""

    seed: int
    size_px: int
    trail: bool = False

    def draw(self, frame: Picture, seconds: float) -> None:
        for back in range(8 if self.trail else 1):
            x, y = self._at(seconds - back * 0.05, frame.shape[1], frame.shape[0])
            arrow = np.array([[0, 0], [0, 1], [0.28, 0.76], [0.5, 1.2], [0.66, 1.1], [0.45, 0.68], [0.78, 0.68]])
            points = (arrow * self.size_px + (x, y)).astype(np.int32)
            cv2.fillPoly(frame, [points], (250, 250, 250))
            cv2.polylines(frame, [points], True, (10, 10, 10), 1)

    def _at(self, seconds: float, width: int, height: int) -> tuple[int, int]:
        leg, part = divmod(max(0.0, seconds), 4.0)
        share = min(1.0, part / 1.5)  # moves for 1.5 s, rests for 2.5 s
        x1, y1 = self._stop(int(leg))
        x2, y2 = self._stop(int(leg) + 1)
        return int((x1 + (x2 - x1) * share) * width), int((y1 + (y2 - y1) * share) * height)

    def _stop(self, leg: int) -> tuple[float, float]:
        rng = random.Random(self.seed * 10007 + leg)
        return rng.uniform(0.1, 0.85), rng.uniform(0.1, 0.85)


class Subtitles:
    """Burned-in captions of two to four seconds each."""

    def __init__(self, seed: int, duration: float, height: int) -> None:
        rng = random.Random(seed)
        self._cues: list[tuple[float, float, str]] = []
        at = 1.0
        while at < duration:
            shown = rng.uniform(2, 4)
            self._cues.append((at, at + shown, words(rng, 4, 7)))
            at += shown + (rng.uniform(0.2, 2) if rng.random() < 0.4 else 0.0)
        self._font = ImageFont.load_default(max(10.0, height * 0.045))

    def draw(self, frame: Picture, seconds: float) -> None:
        text = next((text for start, end, text in self._cues if start <= seconds < end), None)
        if text is None:
            return
        height, width = frame.shape[:2]
        band = frame[int(height * 0.87) : int(height * 0.96)]
        canvas = Image.fromarray(np.ascontiguousarray(band))
        draw = ImageDraw.Draw(canvas)
        left = (width - draw.textlength(text, self._font)) / 2
        draw.text(
            (left, height * 0.015), text, fill=(255, 255, 255), font=self._font, stroke_width=2, stroke_fill=(0, 0, 0)
        )
        band[:] = np.array(canvas, np.uint8)


class Noise:
    """Sensor or analogue noise over everything."""

    def __init__(self, seed: int, sigma: float, width: int, height: int) -> None:
        rng = np.random.default_rng(seed)
        self._fields = rng.normal(0, sigma, (6, height, width, 1)).astype(np.int8)

    def draw(self, frame: Picture, seconds: float) -> None:
        grain = self._fields[int(seconds * 30) % 6]
        np.copyto(frame, np.clip(frame.astype(np.int16) + grain, 0, 255).astype(np.uint8))


@dataclass
class Bars:
    """Black bars left and right: 4:3 in 16:9."""

    share: float = 0.125

    def draw(self, frame: Picture, seconds: float) -> None:
        width = frame.shape[1]
        bar = int(width * self.share)
        frame[:, bar : width - bar] = cv2.resize(frame, (width - 2 * bar, frame.shape[0]), interpolation=cv2.INTER_AREA)
        frame[:, :bar] = 0
        frame[:, width - bar :] = 0
