"""Where the slides are in the picture."""

from __future__ import annotations

import random

import cv2
import numpy as np
import pytest

from bench.lectures.pages import draw_page, make_page
from bench.lectures.themes import make_theme
from sightline.extract.slides import Look, Showing, ShowingKind
from sightline.extract.slides.region import slide_region
from sightline.extract.slides.slide import WHOLE, Region
from sightline.extract.slides.views import blocks_shape, reduced

THEME = make_theme(random.Random(5))
MOVING = np.zeros(blocks_shape(270, 480), np.bool_)
MOVING[2:22, 46:] = True


def found(region: Region, ground: int, moving: np.ndarray | None = None, pages: int = 4) -> Region:
    """Draw pages into a part of a picture, and look for the part."""
    return slide_region([_showing(region, ground, moving, number) for number in range(pages)])


def _showing(region: Region, ground: int, moving: np.ndarray | None, number: int) -> Showing:
    picture = np.full((720, 1280, 3), ground, np.uint8)
    left, top, right, bottom = (round(part * side) for part, side in zip(region, (1280, 720) * 2, strict=True))
    page = draw_page(make_page(random.Random(number), number, "bullets", 5), THEME, 1280, 720)
    picture[top:bottom, left:right] = cv2.resize(page, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    look = Look(0.0, reduced(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)), moving, 100)
    return Showing(0, 1, 0, ShowingKind.SLIDE, None, False, look, (look,))


@pytest.mark.parametrize(
    "region",
    [(0.125, 0.0, 0.875, 1.0), (0.0, 0.1, 1.0, 0.9), (0.08, 0.1, 0.92, 0.9)],
    ids=["sides", "letters", "frame"],
)
def test_bars_on_both_sides_are_cut_off(region: Region) -> None:
    assert found(region, 0) == pytest.approx(region, abs=0.006)


def test_a_pointer_that_was_seen_on_a_bar_makes_it_no_part_of_the_slides() -> None:
    showings = [_showing((0.125, 0.0, 0.875, 1.0), 0, None, number) for number in range(4)]
    cv2.rectangle(showings[1].look.gray, (20, 100), (34, 118), 255, -1)
    assert slide_region(showings) == pytest.approx((0.125, 0.0, 0.875, 1.0), abs=0.006)


def test_slides_that_fill_the_picture_are_not_cut() -> None:
    assert found(WHOLE, 0) == WHOLE


def test_a_bar_on_one_side_may_be_of_the_template_and_stays() -> None:
    assert found((0.1, 0.0, 1.0, 1.0), 0) == WHOLE


def test_the_lecturer_beside_the_slides_is_cut_off() -> None:
    assert found((0.0, 0.1, 0.74, 0.9), 160, MOVING) == pytest.approx((0.0, 0.1, 0.74, 0.9), abs=0.006)


def test_one_slide_tells_nothing_of_its_region() -> None:
    assert found((0.125, 0.0, 0.875, 1.0), 0, pages=1) == WHOLE


def test_bars_are_cut_off_though_the_grounds_of_the_slides_differ() -> None:
    showings = []
    for level in (250, 30, 120, 240):
        picture = np.zeros((270, 480), np.uint8)
        picture[27:243] = level
        cv2.putText(picture, "Slide", (40, 120), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 255 - level, 2)
        look = Look(0.0, picture, None, 100)
        showings.append(Showing(0, 1, 0, ShowingKind.SLIDE, None, False, look, (look,)))
    assert slide_region(showings) == pytest.approx((0.0, 0.1, 1.0, 0.9), abs=0.006)


def test_a_page_of_which_one_word_alone_changes_is_not_cut_at_lines_above_and_below_the_word() -> None:
    showings = []
    for word in ("reject", "accept", "unsure"):
        picture = np.full((270, 480), 27, np.uint8)
        for row in range(5):
            cv2.putText(picture, "Of the edge", (40, 50 + 35 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 220, 1)
        cv2.putText(picture, word, (230, 150), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 160, 2)
        for height in (40, 250):
            cv2.line(picture, (210, height), (350, height), 220, 2)
        look = Look(0.0, picture, None, 100)
        showings.append(Showing(0, 1, 0, ShowingKind.SLIDE, None, False, look, (look,)))
    assert slide_region(showings) == WHOLE
