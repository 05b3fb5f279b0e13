"""Lines come in the order in which people read them."""

from __future__ import annotations

import random

import pytest

from sightline.extract.text import Line
from sightline.extract.text.ordering import in_reading_order


def line(text: str, left: float, top: float, width: float = 300, height: float = 30) -> Line:
    return Line((left, top, left + width, top + height), text, 1.0)


def order(lines: list[Line]) -> list[str]:
    """Read them, whatever order they come in."""
    orders = []
    for seed in range(5):
        shuffled = random.Random(seed).sample(lines, len(lines))
        orders.append([one.text for one in in_reading_order(shuffled)])
    assert all(one == orders[0] for one in orders)
    return orders[0]


def test_one_column_is_read_downwards() -> None:
    assert order([line(f"line {row}", 50 + 10 * (row % 2), 40 * row) for row in range(8)]) == [
        f"line {row}" for row in range(8)
    ]


def test_words_in_one_row_are_read_from_left_to_right() -> None:
    assert order([line("b", 400, 12, 50), line("a", 10, 10, 50), line("c", 600, 8, 50)]) == ["a", "b", "c"]


@pytest.mark.parametrize("shift", [0, 13])
def test_columns_between_a_title_and_a_footer_are_read_one_by_one(shift: int) -> None:
    left = [line(f"a sentence of the left column {row}", 50, 100 + 50 * row, 350) for row in range(5)]
    right = [line(f"a sentence of the right column {row}", 500, 100 + shift + 50 * row, 350) for row in range(5)]
    title, footer = line("title", 50, 10, 800, 50), line("footer", 100, 500, 700)
    assert order([title, footer, *left, *right]) == [one.text for one in (title, *left, *right, footer)]


def test_three_columns_are_read_one_by_one() -> None:
    columns = [
        [line(f"words in column {column} row {row}", 20 + 320 * column, 60 * row, 260) for row in range(4)]
        for column in range(3)
    ]
    assert order([one for column in columns for one in column]) == [one.text for column in columns for one in column]


def test_a_table_is_read_row_by_row() -> None:
    cells = [line(f"{row}{column}", 20 + 200 * column, 60 * row, 80) for row in range(4) for column in range(4)]
    assert order(cells) == [one.text for one in cells]


def test_numbers_before_their_lines_are_read_with_them() -> None:
    lines = []
    for row in range(5):
        lines += [line(f"{row}.", 20, 50 * row, 25), line(f"a longer point that is made {row}", 90, 50 * row, 500)]
    assert order(lines) == [one.text for one in lines]


def test_nothing_is_lost_or_told_twice_wherever_lines_stand() -> None:
    for seed in range(60):
        rng = random.Random(seed)
        lines = [
            line(str(index), rng.uniform(0, 900), rng.uniform(0, 500), rng.uniform(5, 600), rng.uniform(5, 80))
            for index in range(rng.randint(0, 40))
        ]
        assert sorted(order(lines)) == sorted(one.text for one in lines)
