"""What is found in lectures about one thing each, against the truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.lectures import Lecture, Shot, write_film
from bench.lectures.overlays import Person
from bench.lectures.shots import Camera
from sightline.common.settings import MediaLimits
from sightline.extract.slides import (
    Showing,
    ShowingKind,
    SlideOptions,
    find_slides,
    number_slides,
    read_pictures,
)
from sightline.extract.slides.film import FilmReader

Film = Callable[..., tuple[Lecture, Path]]
LIMITS = MediaLimits()


def found(path: Path, **options: bool) -> list[Showing]:
    return find_slides(path, SlideOptions(**options), LIMITS)


def assert_true(lecture: Lecture, slides: list[Showing]) -> None:
    """Every transition within a second, none more, and the times follow each other."""
    assert [slide.start_seconds for slide in slides] == pytest.approx([one.start for one in lecture.truth], abs=1.0)
    assert [slide.kind.value for slide in slides] == [one.kind for one in lecture.truth]
    assert slides[-1].end_seconds == pytest.approx(lecture.seconds, abs=0.5)
    for slide in slides:
        assert slide.start_seconds <= slide.frame_seconds <= slide.end_seconds


@pytest.mark.parametrize("subject", ["plain", "no_scene_cut", "short_groups", "one_group"])
def test_hard_cuts_are_found_whatever_the_key_frames_are(film: Film, subject: str) -> None:
    lecture, path = film(subject)
    assert_true(lecture, found(path))


def test_a_decoder_that_gives_no_picture_for_a_key_packet_ends_no_search(
    film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    lecture, path = film("short_groups")
    monkeypatch.setattr(FilmReader, "keys_at", lambda _reader, _times: iter(()))
    assert_true(lecture, found(path))


@pytest.mark.parametrize("subject", ["fades", "slow_fades"])
def test_a_fade_is_one_transition_at_its_middle(film: Film, subject: str) -> None:
    lecture, path = film(subject)
    assert_true(lecture, found(path))


@pytest.mark.parametrize("subject", ["inset", "cursor", "trails", "subtitles", "clip"])
def test_what_moves_over_a_slide_is_no_transition(film: Film, subject: str) -> None:
    lecture, path = film(subject)
    assert_true(lecture, found(path))


@pytest.mark.parametrize("subject", ["noise", "low_bitrate"])
def test_noise_and_coarse_pictures_are_no_transitions(film: Film, subject: str) -> None:
    lecture, path = film(subject)
    assert_true(lecture, found(path))


@pytest.mark.parametrize("subject", ["scrolling", "zoom"])
def test_a_page_that_is_scrolled_or_magnified_stays_one_slide(film: Film, subject: str) -> None:
    lecture, path = film(subject)
    assert_true(lecture, found(path))


@pytest.mark.parametrize("seed", [3, 4])
def test_the_lecturer_is_known_though_key_frames_are_a_second_apart(film: Film, seed: int) -> None:
    lecture, path = film("live_groups", seed=seed)
    assert_true(lecture, found(path))


@pytest.mark.parametrize("subject", ["av1", "broadcast_rate"])
def test_other_codecs_and_rates_make_no_difference(film: Film, subject: str) -> None:
    lecture, path = film(subject)
    assert_true(lecture, found(path))


@pytest.mark.parametrize("subject", ["cards_black", "slow_changes_of_cards", "flying_bullets"])
def test_bare_pages_and_slow_changes_are_told_apart(film: Film, subject: str) -> None:
    lecture, path = film(subject)
    assert [one.start_seconds for one in found(path)] == pytest.approx([one.start for one in lecture.truth], abs=1.0)


def test_a_cut_is_placed_where_it_is_though_somebody_walks_before_the_screen(film: Film) -> None:
    lecture, path = film("filmed_screen", seed=121, seconds=36.0)
    assert_true(lecture, found(path))


def test_a_page_that_is_scrolled_past_its_own_height_stays_one_slide(film: Film) -> None:
    lecture, path = film("crude_scroll", seed=13, seconds=18.0)
    assert_true(lecture, found(path))


def test_a_fade_between_key_frames_that_are_close_together_is_one_change(film: Film) -> None:
    lecture, path = film("crude_opencv", seed=15, seconds=18.0)
    assert_true(lecture, found(path))


def test_slides_that_differ_by_one_line_are_two(film: Film) -> None:
    lecture, path = film("near_identical")
    assert_true(lecture, found(path))


def test_a_page_number_alone_makes_no_new_slide(film: Film) -> None:
    lecture, path = film("number_only")
    assert_true(lecture, found(path))


def test_the_last_build_is_the_picture_of_an_incremental_slide(film: Film) -> None:
    lecture, path = film("builds")
    slides = found(path)
    assert_true(lecture, slides)
    pictures = [pixels for _, pixels in read_pictures(path, number_slides(slides), LIMITS)]
    for picture, truth in zip(pictures, lecture.truth, strict=True):
        distances = [np.abs(picture.astype(np.int16) - build).mean() for build in truth.pictures]
        assert int(np.argmin(distances)) == len(distances) - 1


def test_every_build_is_given_when_builds_are_kept(film: Film) -> None:
    lecture, path = film("builds")
    starts = [slide.start_seconds for slide in found(path, keep_builds=True)]
    builds = [time for truth in lecture.truth for time in truth.builds]
    assert starts == pytest.approx(builds, abs=1.0)


def test_a_slide_that_comes_back_names_the_one_it_shows_again(film: Film) -> None:
    lecture, path = film("returns")
    slides = found(path)
    assert_true(lecture, slides)
    first: dict[int, int] = {}
    for index, (slide, truth) in enumerate(zip(slides, lecture.truth, strict=True)):
        known = first.setdefault(truth.identity, index)
        assert slide.returns_of == (None if known == index else known)


def test_a_camera_between_slides_is_an_entry_of_its_own_kind(film: Film) -> None:
    lecture, path = film("camera", seed=4)
    slides = found(path)
    assert ShowingKind.CAMERA in [slide.kind for slide in slides]
    assert_true(lecture, slides)


def test_what_is_shown_too_shortly_is_passed_over(film: Film) -> None:
    lecture, path = film("fades")
    lengths = sorted(truth.end - truth.start for truth in lecture.truth[1:-1])
    slides = find_slides(path, SlideOptions(min_shown_seconds=lengths[0] + 0.7), LIMITS)
    assert len(slides) < len(lecture.truth)


@pytest.mark.parametrize("shake", [False, True])
def test_a_film_that_is_all_camera_has_no_slides(tmp_path: Path, shake: bool) -> None:
    lecture = Lecture("camera", 640, 360, [Shot(Camera(Person(3, 640, 360), shake), 8.0, 0)])
    write_film(lecture, tmp_path / "camera.mp4")
    assert number_slides(found(tmp_path / "camera.mp4")) == []


def test_black_before_and_after_is_no_slide(film: Film) -> None:
    lecture, path = film("black_ends")
    showings = found(path)
    assert [one.kind for one in (showings[0], showings[-1])] == [ShowingKind.BLACK, ShowingKind.BLACK]
    assert len(number_slides(showings)) == len({one.identity for one in lecture.truth if one.kind == "slide"})
