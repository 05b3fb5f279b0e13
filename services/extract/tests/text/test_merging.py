"""Neighbours that say the same, or one more than the other, are one slide; all else stays apart."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from sightline.extract.text import Page, Run, look_at, merge

POINTS = ["Samples are drawn at random", "The mean converges slowly", "Variance falls with size", "Outliers matter"]


def build(canvas: Callable, shown: int, points: list[str] = POINTS, number: int | None = None, move: int = 0) -> Page:
    made = canvas()
    made.write("Sampling", 50 + move, 30, 48)
    for row, text in enumerate(points[:shown]):
        made.write(text, 80 + move, 150 + 80 * row, 30)
    if number is not None:
        made.write(str(number), 900, 500, 22)
    return made.page


def test_builds_of_one_slide_are_one_and_the_last_is_kept(canvas: Callable) -> None:
    assert merge([build(canvas, shown) for shown in range(5)]) == [Run(0, 4, 4)]


def test_page_numbers_do_not_keep_builds_apart(canvas: Callable) -> None:
    assert merge([build(canvas, shown, number=shown) for shown in range(1, 4)]) == [Run(0, 2, 2)]


def test_what_was_read_slightly_differently_is_the_same(canvas: Callable) -> None:
    misread = ["Samp1es are drawn at random".replace("1", "i"), "The rnean converges slowly", *POINTS[2:]]
    assert merge([build(canvas, 3), build(canvas, 4, misread)]) == [Run(0, 1, 1)]


def test_other_digits_are_another_slide(canvas: Callable) -> None:
    before, after = ["The error of model 1 is large"], ["The error of model 2 is large"]
    assert merge([build(canvas, 1, before), build(canvas, 1, after)]) == [Run(0, 0, 0), Run(1, 1, 1)]


def test_a_slide_that_loses_lines_is_another(canvas: Callable) -> None:
    assert merge([build(canvas, 4), build(canvas, 2)]) == [Run(0, 0, 0), Run(1, 1, 1)]


def test_the_same_lines_in_other_places_are_another_slide(canvas: Callable) -> None:
    assert len(merge([build(canvas, 2), build(canvas, 3, move=200)])) == 2


def test_the_same_text_with_another_figure_is_another_slide(canvas: Callable) -> None:
    pages = []
    for left in (100, 500):
        made = canvas()
        made.write("Results", 50, 30, 48)
        made.draw.rectangle((left, 200, left + 300, 450), fill=(180, 60, 30))
        pages.append(made.page)
    assert len(merge(pages)) == 2


def test_the_same_text_with_another_curve_is_another_slide(canvas: Callable) -> None:
    pages = []
    for turn in (1, -1):
        made = canvas()
        made.write("Results", 50, 30, 48)
        made.draw.line([(200 + 8 * x, 300 - turn * 2 * x) for x in range(60)], fill=(180, 60, 30), width=3)
        pages.append(made.page)
    assert len(merge(pages)) == 2


def test_the_noise_of_an_encoder_makes_no_other_slide(canvas: Callable) -> None:
    made = canvas()
    made.write("Results", 50, 30, 48)
    made.draw.ellipse((300, 200, 700, 480), fill=(180, 60, 30))
    coarse = cv2.imdecode(cv2.imencode(".jpg", made.pixels, [cv2.IMWRITE_JPEG_QUALITY, 15])[1], cv2.IMREAD_COLOR)
    assert merge([made.page, look_at(np.asarray(coarse, np.uint8), made.lines)]) == [Run(0, 1, 1)]


def test_a_figure_that_comes_with_a_line_is_a_build(canvas: Callable) -> None:
    before, made = build(canvas, 1), canvas()
    made.write("Sampling", 50, 30, 48)
    made.write(POINTS[0], 80, 150, 30)
    made.write("as the figure shows", 80, 230, 30)
    made.draw.rectangle((500, 250, 900, 500), fill=(180, 60, 30))
    assert merge([before, made.page]) == [Run(0, 1, 1)]


def test_slides_without_text_are_never_one(canvas: Callable) -> None:
    assert merge([canvas().page, canvas().page]) == [Run(0, 0, 0), Run(1, 1, 1)]
    assert merge([]) == []
