"""How what was seen is cut into stills."""

from __future__ import annotations

import random
from dataclasses import replace

import cv2
import numpy as np
import pytest

from bench.lectures.decks import Room, make_deck, make_leaf
from sightline.extract.slides.motion import Window
from sightline.extract.slides.stills import find_stills
from sightline.extract.slides.trace import Link, Trace
from sightline.extract.slides.views import View, reduced

STEP = 0.2
RNG = random.Random(7)
DECK = make_deck(RNG)
PAGES = [replace(make_leaf(RNG, number), figure=None).drawn(DECK, 640, 360) for number in range(1, 5)]


def traced(pictures: list[np.ndarray]) -> Trace:
    """A film that was looked at five times a second."""
    trace = Trace(0.0, STEP * len(pictures))
    for number, picture in enumerate(pictures):
        gray = reduced(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8))
        trace.add(View(STEP * number, gray, number == 0), Link.LOOKED)
    return trace


def scrolled(speed_px: int) -> list[np.ndarray]:
    """The pages but the first, below each other, scrolled from the top by as many pixels in each step."""
    tall = np.concatenate(PAGES[1:])
    return [tall[top : top + 360] for top in range(0, 720, speed_px)]


@pytest.mark.parametrize("speed_px", [8, 30])
def test_a_page_that_is_scrolled_as_soon_as_it_comes_begins_at_the_cut(speed_px: int) -> None:
    film = [PAGES[0]] * 6 + scrolled(speed_px) + [PAGES[3]] * 6
    slide, page = find_stills(traced(film))
    assert page.first == pytest.approx(6 * STEP)
    assert slide.last == pytest.approx(6 * STEP)
    assert not page.scrolled


@pytest.mark.parametrize("speed_px", [8, 30])
def test_a_page_that_is_scrolled_after_a_while_stays_one(speed_px: int) -> None:
    film = [PAGES[0]] * 6 + [PAGES[1]] * 6 + scrolled(speed_px) + [PAGES[3]] * 6
    *_, before, after = find_stills(traced(film))
    assert before.first == pytest.approx(6 * STEP)
    assert after.scrolled


@pytest.mark.parametrize("pause_first", [True, False])
def test_somebody_who_stands_still_for_a_moment_before_the_camera_is_no_slide(pause_first: bool) -> None:
    room = Room(random.Random(3), 640, 360)
    pause, moves = [room.at(0.0)] * 6, [room.at(2 * number * STEP) for number in range(1, 26)]
    shown = pause + moves if pause_first else [*moves[::-1], *pause]
    trace = traced([PAGES[0]] * 10 + shown + [PAGES[1]] * 10)
    begin = 15 if pause_first else 9
    trace.motion.windows.append(Window(begin * STEP, (begin + 25) * STEP, np.zeros((34, 60), np.bool_), camera=True))
    slide, camera, other = find_stills(trace)
    assert (slide.moving, camera.moving, other.moving) == (False, True, False)
    assert camera.first == pytest.approx(10 * STEP)
    assert camera.last == pytest.approx(40 * STEP)
