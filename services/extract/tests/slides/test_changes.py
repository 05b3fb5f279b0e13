"""What counts as a change between two views, and what its kind is."""

from __future__ import annotations

import random

import cv2
import numpy as np
import pytest

from bench.lectures.pages import Page, draw_page, make_page
from bench.lectures.themes import make_theme
from sightline.extract.slides.changes import Change, compare
from sightline.extract.slides.placing import place
from sightline.extract.slides.views import View, reduced

THEME = make_theme(random.Random(5))
PAGE = make_page(random.Random(8), 1, "bullets", 5)


def drawn(page: Page = PAGE, shown: int | None = None) -> np.ndarray:
    return draw_page(page, THEME, 1280, 720, shown)


def view(picture: np.ndarray) -> View:
    return View(0.0, reduced(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)), False)


def change(one: np.ndarray, other: np.ndarray) -> Change:
    return compare(view(one), view(other))


def test_a_pointer_is_no_change() -> None:
    pointed = drawn()
    cv2.rectangle(pointed, (300, 200), (324, 232), (128, 128, 128), -1)
    assert not change(drawn(), pointed).significant


def arrow(picture: np.ndarray, left: int, top: int) -> np.ndarray:
    """Draw a pointer of 24 pixels onto a film of 360 lines, at the size of `drawn`."""
    corners = np.add([[0, 0], [0, 48], [14, 36], [34, 34]], (left, top)).astype(np.int32)
    cv2.fillPoly(picture, [corners], (255, 255, 255))
    return cv2.polylines(picture, [corners], True, (0, 0, 0), 2)


def test_a_large_pointer_in_a_film_of_few_lines_is_no_change() -> None:
    assert not change(arrow(drawn(), 900, 500), arrow(drawn(), 400, 600)).significant
    assert not change(arrow(drawn(), 900, 500), arrow(drawn(), 912, 503)).significant


def test_a_line_more_is_a_build_though_a_large_pointer_moved_to_it() -> None:
    one, other = drawn(shown=3), drawn(shown=4)
    left = int(np.flatnonzero((one != other).any((0, 2)))[-1]) + 4
    top = int(np.flatnonzero((one != other).any((1, 2)))[0])
    assert change(arrow(one, 900, 600), arrow(other, left, top)).is_build


def progress(share: float, thickness: int = 8, bottom: int = 720) -> np.ndarray:
    picture = drawn()
    cv2.rectangle(picture, (0, bottom - thickness), (int(share * 1280), bottom - 1), (20, 60, 200), -1)
    return picture


def test_a_bar_along_the_border_that_tells_how_much_is_over_is_no_change() -> None:
    assert not change(progress(0.20), progress(0.24)).significant
    assert not change(progress(0.20), progress(1.00)).significant


def test_a_line_within_the_slide_is_a_change_however_low_it_is() -> None:
    assert change(progress(0.20, bottom=690), progress(0.60, bottom=690)).significant


def test_a_line_more_is_a_build_though_a_pointer_leaves_a_trail_that_is_gone_then() -> None:
    one, other = drawn(shown=3), drawn(shown=4)
    for top in range(540, 600, 10):
        cv2.fillPoly(one, [np.add([[0, 0], [0, 24], [14, 18]], (900, top)).astype(np.int32)], (0, 0, 0))
    cv2.fillPoly(other, [np.add([[0, 0], [0, 24], [14, 18]], (900, 590)).astype(np.int32)], (0, 0, 0))
    assert change(one, other).is_build


def test_noise_is_no_change() -> None:
    noisy = drawn().astype(np.int16) + np.random.default_rng(1).normal(0, 6, (720, 1280, 1)).astype(np.int16)
    assert not change(drawn(), np.clip(noisy, 0, 255).astype(np.uint8)).significant


def test_text_that_is_dimmed_is_no_change() -> None:
    ground = np.full_like(drawn(), THEME.background)
    assert not change(drawn(), cv2.addWeighted(drawn(), 0.75, ground, 0.25, 0)).significant


@pytest.mark.parametrize("shown", [0, 1, 4])
def test_a_line_more_is_a_build_and_a_line_less_a_step_back(shown: int) -> None:
    assert change(drawn(shown=shown), drawn(shown=shown + 1)).is_build
    assert change(drawn(shown=shown + 1), drawn(shown=shown)).is_step_back


def test_another_line_in_the_same_place_is_no_build() -> None:
    other = Page(PAGE.title, (*PAGE.lines[:-1], "an altogether other line"), PAGE.kind, PAGE.number, PAGE.seed)
    found = change(drawn(), drawn(other))
    assert found.significant
    assert not found.same_page


def test_a_new_title_over_fewer_lines_is_no_step_back() -> None:
    other = Page("Something Else", PAGE.lines[:1], PAGE.kind, PAGE.number, PAGE.seed)
    assert not change(drawn(), drawn(other, 0)).same_page


def test_a_scrolled_page_is_found_in_its_place() -> None:
    tall = draw_page(make_page(random.Random(2), 1, "code", 24), THEME, 1280, 1440)
    placement = place(view(tall[:720]), view(tall[240:960]))
    assert placement is not None
    assert placement.down_px == pytest.approx(-240 * 480 / 1280, abs=1.5)
    assert not placement.magnified


def test_a_magnified_page_is_found_in_its_place() -> None:
    part = cv2.resize(drawn()[0:480, 0:853], (1280, 720), interpolation=cv2.INTER_CUBIC)
    placement = place(view(drawn()), view(np.asarray(part, np.uint8)))
    assert placement is not None
    assert placement.scale == pytest.approx(1.5, abs=0.03)


def test_another_page_of_the_same_template_has_no_place() -> None:
    other = make_page(random.Random(77), 2, "bullets", 5)
    assert place(view(drawn()), view(drawn(other))) is None


def test_a_short_word_that_stands_for_another_is_no_build() -> None:
    pages = [np.full((720, 1280, 3), 250, np.uint8) for _ in range(2)]
    for page, word in zip(pages, ("photon", "prior"), strict=True):
        cv2.putText(page, "a title", (80, 120), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (0, 0, 0), 4)
        cv2.putText(page, f"path proof {word}", (80, 290), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (0, 0, 0), 2)
    assert not change(*pages).same_page
    assert not change(*pages[::-1]).same_page
