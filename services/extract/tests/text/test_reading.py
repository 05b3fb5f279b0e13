"""What is written on a picture is what is read, and it is found where it stands."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from sightline.common.errors import Reason, SightlineError
from sightline.common.models import ModelStore
from sightline.extract.text import Box, PaddleReader, TextSettings, open_reader

SENTENCES = ["Gradient descent converges", "The rate is 0.05 per step", "Energy (2nd law): dS >= 0", "x = f(y) + 17"]


@pytest.mark.parametrize("dark", [False, True])
def test_every_line_is_read_exactly_and_found_where_it_stands(
    reader: PaddleReader, canvas: Callable, dark: bool
) -> None:
    slide = canvas(dark=dark)
    boxes = [slide.write(text, 60, 60 + 90 * row, 30) for row, text in enumerate(SENTENCES)]
    lines = reader.read(slide.pixels)
    assert [line.text for line in lines] == SENTENCES
    assert all(line.score > 0.9 for line in lines)
    for line, box in zip(lines, boxes, strict=True):
        assert overlap(line.box, box) > 0.6
        assert max(abs(a - b) for a, b in zip(line.box, box, strict=True)) < 15


def test_text_of_twelve_pixels_on_a_full_hd_slide_is_read_exactly(reader: PaddleReader, canvas: Callable) -> None:
    slide = canvas(1920, 1080)
    for row, text in enumerate(SENTENCES):
        slide.write(text, 100 + 300 * row, 100 + 200 * row, 12)
    assert sorted(line.text for line in reader.read(slide.pixels)) == sorted(SENTENCES)


def test_two_columns_below_a_title_are_read_one_after_the_other(quick_reader: PaddleReader, canvas: Callable) -> None:
    slide = canvas()
    left = ["Cheap to train today", "Fast on a processor", "Small enough to ship"]
    right = ["Needs labelled data", "Fails without warning", "Hard to explain why"]
    slide.write("Advantages and their price", 200, 30, 44)
    for row in range(3):
        slide.write(left[row], 50, 160 + 100 * row, 28)
        slide.write(right[row], 540, 160 + 100 * row, 28)
    assert [line.text for line in quick_reader.read(slide.pixels)] == ["Advantages and their price", *left, *right]


def test_an_empty_picture_has_no_text(quick_reader: PaddleReader) -> None:
    assert quick_reader.read(np.full((360, 640, 3), 230, np.uint8)) == []
    gradient = np.repeat(np.linspace(0, 255, 640, dtype=np.uint8)[None, :, None], 360, 0).repeat(3, 2)
    assert quick_reader.read(np.ascontiguousarray(gradient)) == []


def test_a_picture_of_one_pixel_and_a_very_long_one_are_read_without_a_fault(quick_reader: PaddleReader) -> None:
    assert quick_reader.read(np.zeros((1, 1, 3), np.uint8)) == []
    assert quick_reader.read(np.zeros((4, 3000, 3), np.uint8)) == []


def test_turned_text_is_read(quick_reader: PaddleReader, canvas: Callable) -> None:
    slide = canvas(540, 540)
    slide.write("Temperature in kelvin", 60, 250, 34)
    for turn in (cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180):
        turned = np.asarray(cv2.rotate(slide.pixels, turn), np.uint8)
        assert [line.text for line in quick_reader.read(turned)] == ["Temperature in kelvin"]


def test_lines_below_the_least_score_are_left_out(quick_reader: PaddleReader, canvas: Callable) -> None:
    slide = canvas()
    slide.write("Certain of it", 60, 60, 40)
    assert len(quick_reader.read(slide.pixels, min_score=0.5)) == 1
    assert quick_reader.read(slide.pixels, min_score=1.0) == []


def test_one_reader_serves_several_threads_and_always_gives_the_same(
    quick_reader: PaddleReader, canvas: Callable
) -> None:
    slides = []
    for text in SENTENCES:
        slide = canvas(480, 270)
        slide.write(text, 20, 100, 24)
        slides.append(slide.pixels)
    with ThreadPoolExecutor(4) as threads:
        read = list(threads.map(quick_reader.read, slides))
    assert [[line.text for line in lines] for lines in read] == [[text] for text in SENTENCES]


def test_a_call_that_finds_no_session_free_is_refused_in_time(model_store: ModelStore) -> None:
    reader = open_reader(model_store, TextSettings(sessions=1, wait_seconds=0.05))
    with reader._pool.session(), pytest.raises(SightlineError) as refused:
        reader.read(np.zeros((64, 64, 3), np.uint8))
    assert refused.value.reason is Reason.OVERLOADED


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0.0, wide) * max(0.0, tall)
    both = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared / (both - shared)
