"""What moves by itself, and what is a camera."""

from __future__ import annotations

import random
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from bench.lectures.sketches import ball, gradient, make_sketch, noise
from sightline.extract.slides.grouping import Group
from sightline.extract.slides.motion import Motion, moving_blocks
from sightline.extract.slides.still import Still
from sightline.extract.slides.views import View, reduced

STEP = 0.2
SKETCH = make_sketch(random.Random(4), 1, (255, 255, 255))
PAGE = SKETCH.drawn(640, 360)


def views(picture: Callable[[float], np.ndarray], seconds: float, start: float = 0.0) -> list[View]:
    times = start + STEP * np.arange(round(seconds / STEP))
    return [
        View(float(at), reduced(np.asarray(cv2.cvtColor(picture(float(at)), cv2.COLOR_BGR2GRAY), np.uint8)), False)
        for at in times
    ]


def inset(seconds: float) -> np.ndarray:
    """A page with a ramp of brightness in its lower right corner, which takes longer to come round than is looked."""
    shown = PAGE.copy()
    shown[270:, 480:] = gradient(random.Random(2), 160, 90)(seconds / 4)
    return shown


def typed(seconds: float) -> np.ndarray:
    """A page on which a line is written letter by letter."""
    return cv2.putText(PAGE.copy(), "x" * int(seconds * 5), (20, 330), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1)


def scrolled(seconds: float) -> np.ndarray:
    """A page with a blank one below, scrolled up by a fifth of a height a second."""
    top = int(seconds * 72)
    return np.concatenate([PAGE, SKETCH.drawn(640, 360)[::-1]])[top : top + 360]


def test_a_front_that_goes_by_in_a_corner_moves_though_each_place_changes_but_once() -> None:
    moving = moving_blocks(views(inset, 4.0))
    assert moving[27:33, 50:58].all()
    assert not moving[:22].any()


def lecturer(seconds: float) -> np.ndarray:
    """A page with somebody in its lower right corner, before a wall that stays as it is."""
    shown = PAGE.copy()
    shown[270:, 480:] = 120
    x = 560 + round(15 * np.sin(seconds * 5))
    cv2.ellipse(shown, (x, 360), (35, 40), 0, 180, 360, (60, 50, 40), -1)
    cv2.circle(shown, (x, 305), 18, (150, 180, 220), -1)
    return shown


def test_the_wall_around_a_lecturer_in_a_corner_belongs_to_the_inset() -> None:
    moving = moving_blocks(views(lecturer, 5.0))
    assert moving[28:, 47:].all()
    assert not moving[:, :40].any()


def test_a_line_that_is_written_letter_by_letter_does_not_move() -> None:
    assert not moving_blocks(views(typed, 6.0)).any()


@pytest.mark.parametrize("camera_first", [False, True])
def test_a_page_and_a_camera_that_meet_in_one_span_are_told_apart(camera_first: bool) -> None:
    grain = noise(random.Random(1), 640, 360)
    spans = [lambda _seconds: PAGE, grain]
    one, other = spans[::-1] if camera_first else spans
    motion = Motion()
    motion.note([*views(one, 2.0), *views(other, 6.0, 2.0)])
    assert motion.camera_at(1.0) is camera_first
    assert motion.camera_at(5.0) is not camera_first


def test_a_page_that_is_scrolled_is_no_camera() -> None:
    motion = Motion()
    motion.note(views(scrolled, 4.8))
    assert not motion.camera_at(2.0)


def test_a_ball_that_bounces_over_the_whole_picture_is_a_camera() -> None:
    motion = Motion()
    motion.note(views(ball(random.Random(3), 640, 360), 6.0))
    assert motion.camera_at(3.0)


@pytest.mark.parametrize(("text", "black"), [("The end", False), ("", True)])
def test_a_short_word_on_black_is_a_slide(text: str, black: bool) -> None:
    picture = np.zeros((360, 640, 3), np.uint8)
    cv2.putText(picture, text, (260, 180), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1)
    cv2.circle(picture, (100, 100), 6, (200, 200, 200), -1)
    (view,) = views(lambda _seconds: picture, STEP)
    assert Group([Still([view])], 0.0, 1.0).black is black
