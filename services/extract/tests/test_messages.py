"""Findings as messages: slides that are one, parts of long results, boxes that stick out."""

from __future__ import annotations

import pytest

from sightline.common.errors import InvalidRequest
from sightline.common.media.saying import seconds, time_range
from sightline.extract.messages import merged_slides, slides_results, within
from sightline.extract.sound_messages import extract_options
from sightline.extract.speech import Segment, Word
from sightline.extract.speech_messages import slide_speech
from sightline.extract.text import Run
from sightline.v1.extract_pb2 import ExtractAudioOptions, ExtractSlidesResult, Slide
from sightline.v1.job_pb2 import JobResult
from sightline.v1.output_pb2 import OutputFile


def slide(number: int, *ranges: tuple[float, float]) -> Slide:
    image = OutputFile(media=f"media/{number}", file_name=f"slide-{number:03d}.webp")
    return Slide(number=number, image=image, ranges=[time_range(*one) for one in ranges])


def times(one: Slide) -> list[tuple[float, float]]:
    return [(seconds(span.start), seconds(span.end)) for span in one.ranges]


def test_slides_that_are_one_keep_the_fullest_picture_and_all_their_times() -> None:
    slides = [slide(1, (0, 5), (20, 25)), slide(2, (5, 9)), slide(3, (9, 20))]
    merged = merged_slides(slides, [Run(0, 1, 1), Run(2, 2, 2)])
    assert [(one.number, one.image.media) for one in merged] == [(1, "media/2"), (2, "media/3")]
    assert times(merged[0]) == [(0, 9), (20, 25)]
    assert times(slides[0]) == [(0, 5), (20, 25)]


def test_words_are_said_of_a_slide_only_where_they_are_asked_for() -> None:
    segment = Segment(0, 1, "so", 0.9, (Word(0, 1, "so", 0.8),))
    asked, plain = (slide_speech(1, [segment], words=words).segments[0] for words in (True, False))
    assert [word.text for word in asked.words] == ["so"]
    assert (plain.text, list(plain.words)) == ("so", [])


def test_a_long_result_is_divided_and_is_whole_when_merged() -> None:
    whole = ExtractSlidesResult(slides=[slide(number, (number, number + 1)) for number in range(1, 101)])
    whole.image_size.width_px = 640
    wanted = ExtractSlidesResult()
    wanted.CopyFrom(whole)
    parts = [JobResult.FromString(part).extract_slides for part in slides_results(whole, 1000)]
    assert len(parts) > 3
    assert all(part.ByteSize() < 1200 for part in parts)
    merged = ExtractSlidesResult()
    for part in parts:
        merged.MergeFrom(part)
    wanted.part_count = len(parts)
    assert merged == wanted


def test_a_result_without_slides_has_one_part() -> None:
    (part,) = slides_results(ExtractSlidesResult(), 1000)
    assert JobResult.FromString(part).extract_slides.part_count == 1


def test_a_box_that_sticks_out_is_cut_off_at_the_picture() -> None:
    assert within((-5.0, 10.0, 250.0, 90.0), (200, 100)) == (0.0, 10.0, 200.0, 90.0)


def test_a_range_of_sound_must_have_a_length() -> None:
    options = ExtractAudioOptions()
    options.start.FromSeconds(5)
    options.end.FromSeconds(5)
    with pytest.raises(InvalidRequest, match="empty"):
        extract_options(options)
