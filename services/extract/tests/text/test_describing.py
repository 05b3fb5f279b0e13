"""Kind, title and keywords of slides that say plainly what they are."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from sightline.extract.text import Kind, Line, Page, describe, look_at

BULLETS = ["Samples are drawn at random", "The mean converges slowly", "Variance falls with size", "Outliers matter"]
CODE = ["def mean(values):", "total = sum(values)", "count = len(values)", "return total / count"]
ROWS = [["Model", "Size", "Error"], ["Linear", "12", "0.31"], ["Forest", "480", "0.12"], ["Network", "9000", "0.08"]]


def slide(canvas: Callable, kind: Kind, title: str, dark: bool = False) -> Page:
    made = canvas(dark=dark)
    if kind is Kind.TITLE:
        made.write(title, 160, 200, 60)
        made.write("A. Lecturer, University", 160, 300, 28)
        return made.page
    made.write(title, 50, 30, 48)
    if kind is Kind.TABLE:
        for row, cells in enumerate(ROWS):
            for column, cell in enumerate(cells):
                made.write(cell, 80 + 220 * column, 140 + 80 * row, 28)
            made.draw.line((60, 195 + 80 * row, 800, 195 + 80 * row), fill=made.colours[1], width=2)
    elif kind is Kind.FIGURE:
        made.write("time in seconds", 400, 480, 24)
        made.draw.line((200, 450, 200, 130, 210, 150), fill=made.colours[1], width=3)
        points = [(200 + 10 * step, 300 + 120 * np.sin(step / 6)) for step in range(60)]
        made.draw.line(points, fill=(200, 90, 40), width=4)
    else:
        for row, text in enumerate(CODE if kind is Kind.CODE else BULLETS):
            made.write(text, 80 + 40 * (kind is Kind.CODE and row > 0), 150 + 80 * row, 30)
    return made.page


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("kind", list(Kind))
def test_the_kind_and_the_title_of_a_plain_slide_are_told(canvas: Callable, kind: Kind, dark: bool) -> None:
    [told] = describe([slide(canvas, kind, "Sampling in Practice", dark)])
    assert (told.kind, told.title) == (kind, "Sampling in Practice")


def test_a_photograph_over_the_whole_slide_is_a_figure(canvas: Callable) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (9, 16, 3), np.uint8)
    photo = np.asarray(cv2.resize(noise, (960, 540), interpolation=cv2.INTER_CUBIC), np.uint8)
    [told] = describe([look_at(photo, [])])
    assert (told.kind, told.title, told.keywords) == (Kind.FIGURE, "", ())


def test_a_side_bar_and_a_logo_make_no_figure(canvas: Callable) -> None:
    made = canvas()
    made.draw.rectangle((0, 0, 90, 540), fill=(200, 80, 20))
    made.draw.ellipse((880, 20, 930, 70), fill=(200, 80, 20))
    made.write("Sampling", 140, 30, 48)
    for row, text in enumerate(BULLETS):
        made.write(text, 140, 150 + 80 * row, 30)
    assert describe([made.page])[0].kind is Kind.TEXT


def test_the_letters_of_a_logo_are_no_title(canvas: Callable) -> None:
    made = canvas()
    made.write("UNI", 860, 10, 44)
    made.write("Sampling", 50, 40, 44)
    made.write(BULLETS[0], 80, 170, 28)
    assert describe([made.page])[0].title == "Sampling"


def test_a_title_in_two_lines_is_one(canvas: Callable) -> None:
    made = canvas()
    made.write("What we know about", 50, 20, 48)
    made.write("the sampling of means", 50, 72, 48)
    for row, text in enumerate(BULLETS):
        made.write(text, 80, 170 + 80 * row, 28)
    assert describe([made.page])[0].title == "What we know about the sampling of means"


def test_headers_that_stand_on_every_slide_are_neither_title_nor_keyword(canvas: Callable) -> None:
    pages = []
    for title in ("Entropy", "Enthalpy", "Exergy", "Energy"):
        made = canvas()
        made.write("Thermodynamics 101", 50, 5, 26)
        made.write(title, 50, 60, 48)
        made.write(f"All about {title.lower()} in engines", 80, 200, 30)
        made.write("7", 900, 500, 22)
        pages.append(made.page)
    told = describe(pages)
    assert [one.title for one in told] == ["Entropy", "Enthalpy", "Exergy", "Energy"]
    assert all("Thermodynamics" not in one.keywords for one in told)


def test_keywords_are_the_words_that_the_other_slides_do_not_have(canvas: Callable) -> None:
    def page(*texts: str) -> Page:
        lines = [Line((50, 100 + 40 * row, 600, 130 + 40 * row), text, 1.0) for row, text in enumerate(texts)]
        return Page(tuple(lines), 960, 540)

    told = describe(
        [
            page("The cell has a membrane", "A membrane lets water through the cell", "energy of the cell"),
            page("The market has a price", "Supply moves the price", "energy on the market"),
            page("The orbit of a planet", "Kepler found the orbit", "energy in the orbit"),
        ]
    )
    assert [one.keywords[0] for one in told] == ["cell", "market", "orbit"]
    assert told[0].keywords[1] == "membrane"
    assert all("the" not in one.keywords and "has" not in one.keywords for one in told)
    assert all(one.keywords.index("energy") > 1 for one in told)


def test_common_words_of_the_language_are_no_keywords() -> None:
    page = Page((Line((0, 0, 500, 30), "Die Zelle und ihre Membran werden nicht verbraucht", 1.0),), 960, 540)
    assert "werden" in describe([page], "en")[0].keywords
    assert describe([page], "de-AT")[0].keywords == ("Membran", "verbraucht", "Zelle")


def test_nothing_gives_nothing_and_an_empty_slide_has_neither_title_nor_keywords() -> None:
    assert describe([]) == []
    [told] = describe([look_at(np.full((540, 960, 3), 255, np.uint8), [])])
    assert (told.kind, told.title, told.keywords) == (Kind.TEXT, "", ())


def test_a_strip_is_looked_at_in_bounded_memory() -> None:
    strip = np.full((20_000, 16, 3), 255, np.uint8)
    strip[9_000:11_000, 4:12] = 0
    tracemalloc.start()
    page = look_at(strip, [])
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (page.width_px, page.height_px) == (16, 20_000)
    assert peak_bytes < 2**26
