"""From showings to slides: each once, with all its times."""

from __future__ import annotations

import pickle

import numpy as np

from sightline.extract.slides import Look, Showing, ShowingKind, Slide, number_slides


def showing(
    start: float,
    end: float,
    returns_of: int | None = None,
    kind: ShowingKind = ShowingKind.SLIDE,
    ink: int = 100,
    built_on: bool = False,
) -> Showing:
    look = Look(start + 1, np.zeros((270, 480), np.uint8), None, ink)
    return Showing(start, end, look.seconds, kind, returns_of, built_on, look, (look,))


def test_a_slide_that_comes_back_has_one_number_and_two_ranges() -> None:
    slides = number_slides([showing(0, 5), showing(5, 9), showing(9, 12, returns_of=0)])
    assert [(slide.number, slide.ranges) for slide in slides] == [(1, ((0, 5), (9, 12))), (2, ((5, 9),))]


def test_cameras_and_black_are_no_slides() -> None:
    found = number_slides(
        [
            showing(0, 2, kind=ShowingKind.BLACK),
            showing(2, 5, kind=ShowingKind.CAMERA),
            showing(5, 9),
        ]
    )
    assert [(slide.number, slide.ranges) for slide in found] == [(1, ((5, 9),))]


def test_a_film_that_is_all_camera_has_no_slides() -> None:
    assert number_slides([showing(0, 60, kind=ShowingKind.CAMERA)]) == []
    assert number_slides([]) == []


def test_the_picture_is_of_the_time_when_most_was_there() -> None:
    (slide, _) = number_slides([showing(0, 5), showing(5, 9), showing(9, 12, returns_of=0, ink=200)])
    assert slide.frame_seconds == 10


def test_builds_name_the_last_build() -> None:
    found = [showing(0, 2, built_on=True), showing(2, 4, built_on=True), showing(4, 6), showing(6, 8)]
    assert [slide.build_of for slide in number_slides(found)] == [3, 3, 0, 0]


def test_what_is_found_can_be_sent_to_another_process() -> None:
    found = showing(0, 5)
    again: Showing = pickle.loads(pickle.dumps(found))
    assert np.array_equal(again.look.gray, found.look.gray)
    assert (again.start_seconds, again.kind, again.look.ink) == (0, ShowingKind.SLIDE, 100)
    slide = number_slides([found])[0]
    assert pickle.loads(pickle.dumps(slide)) == slide
    assert isinstance(slide, Slide)
