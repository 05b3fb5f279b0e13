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

    @property
    def region(self) -> tuple[float, float, float, float]:
        return self.share, 0.0, 1 - self.share, 1.0

    def draw(self, frame: Picture, seconds: float) -> None:
        width = frame.shape[1]
        bar = int(width * self.share)
        frame[:, bar : width - bar] = cv2.resize(frame, (width - 2 * bar, frame.shape[0]), interpolation=cv2.INTER_AREA)
        frame[:, :bar] = 0
        frame[:, width - bar :] = 0


class Framed:
    """The slides in a part of the picture, on a ground of its own, with the lecturer beside them or nobody."""

    def __init__(
        self, size: tuple[int, int], region: tuple[float, float, float, float], seed: int, lecturer: bool, ground: int
    ) -> None:
        width, height = size
        self._box = tuple(round(share * side) for share, side in zip(region, (width, height) * 2, strict=True))
        x1, y1, x2, y2 = self._box
        self.region = (x1 / width, y1 / height, x2 / width, y2 / height)
        self._ground = np.full((height, width, 3), ground, np.uint8)
        wide = (width - x2 - 8) // 2 * 2
        self._person = Person(seed, wide, wide * 4 // 3) if lecturer else None

    def draw(self, frame: Picture, seconds: float) -> None:
        x1, y1, x2, y2 = self._box
        slide = cv2.resize(frame, (x2 - x1, y2 - y1), interpolation=cv2.INTER_AREA)
        frame[:] = self._ground
        frame[y1:y2, x1:x2] = slide
        if self._person is not None:
            person = self._person.frame(seconds)
            frame[y1 : y1 + person.shape[0], x2 + 4 : x2 + 4 + person.shape[1]] = person


class Wanderer:
    """A lecturer's picture that moves to another corner every now and then."""

    def __init__(self, seed: int, boxes: list[tuple[int, int, int, int]], every: float) -> None:
        self.boxes, self._every = boxes, every
        self._person = Person(seed, boxes[0][2] - boxes[0][0], boxes[0][3] - boxes[0][1])

    def draw(self, frame: Picture, seconds: float) -> None:
        x1, y1, x2, y2 = self.boxes[int(seconds / self._every) % len(self.boxes)]
        frame[y1:y2, x1:x2] = self._person.frame(seconds)


@dataclass
class Laser:
    """A red dot that trembles around where the lecturer points, and is off in between."""

    seed: int
    size_px: int

    def draw(self, frame: Picture, seconds: float) -> None:
        leg, part = divmod(seconds, 6.0)
        if part > 3.5:
            return
        rng = random.Random(self.seed * 7919 + int(leg))
        x = frame.shape[1] * (rng.uniform(0.2, 0.8) + 0.06 * math.sin(part * 2.1) + 0.004 * math.sin(part * 31))
        y = frame.shape[0] * (rng.uniform(0.2, 0.8) + 0.04 * math.cos(part * 2.7) + 0.004 * math.cos(part * 37))
        cv2.circle(frame, (int(x), int(y)), self.size_px // 2, (60, 60, 255), -1)


@dataclass
class Clock:
    """The time of day, which goes on every second, in a corner."""

    right: bool
    bottom: bool

    def draw(self, frame: Picture, seconds: float) -> None:
        height, width = frame.shape[:2]
        scale = height / 900
        text = f"14:{int(seconds) // 60 % 60:02d}:{int(seconds) % 60:02d}"
        left = int(width * (0.86 if self.right else 0.02))
        top = int(height * (0.97 if self.bottom else 0.05))
        cv2.rectangle(frame, (left - 4, top - int(30 * scale)), (left + int(170 * scale), top + 6), (40, 40, 40), -1)
        cv2.putText(frame, text, (left, top), cv2.FONT_HERSHEY_SIMPLEX, scale, (230, 230, 230), 1, cv2.LINE_AA)


@dataclass
class Flicker:
    """A projector filmed from the room: the brightness of everything goes up and down a little."""

    amplitude: float

    def draw(self, frame: Picture, seconds: float) -> None:
        gain = 1 + self.amplitude * math.sin(seconds * 2.9) * math.sin(seconds * 0.7)
        np.copyto(frame, cv2.convertScaleAbs(frame, alpha=gain))
