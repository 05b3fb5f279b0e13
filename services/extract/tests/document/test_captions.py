"""Chapters and captions as FFmpeg and the WebVTT rules read them."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import av
import pytest

from sightline.extract.document import Lecture, Page, Picture, Range, Speech, captions_vtt, chapters_vtt

CUE = re.compile(r"(\d\d+):([0-5]\d):([0-5]\d)\.(\d{3}) --> (\d\d+):([0-5]\d):([0-5]\d)\.(\d{3})( .+)?")
PICTURE = Picture("p.png", "image/png", 16, 9, bytes)


def cues(document: str) -> list[tuple[float, float, str]]:
    """Read the cues back, strictly."""
    head, *blocks = document.removesuffix("\n").split("\n\n")
    assert head == "WEBVTT"
    found = []
    for block in blocks:
        times, *rows = block.split("\n")
        match = CUE.fullmatch(times)
        assert match is not None
        assert rows and all(row and "-->" not in row for row in rows)
        numbers = list(map(int, match.groups()[:8]))
        start, end = (
            numbers[at] * 3600 + numbers[at + 1] * 60 + numbers[at + 2] + numbers[at + 3] / 1000 for at in (0, 4)
        )
        found.append((start, end, "\n".join(rows)))
    return found


def test_each_showing_of_a_slide_is_a_chapter(lecture: Lecture) -> None:
    assert cues(chapters_vtt(lecture)) == [
        (0.0, 5.0, "On means (and ends)"),
        (5.0, 3600.25, "Code"),
        (3600.25, 3700.0, "On means (and ends)"),
        (3700.0, 4000.0, "Slide 3"),
    ]


def test_chapters_never_overlap_and_none_is_empty() -> None:
    ranges = (Range(0, 4), Range(3, 9), Range(9, 9.0001), Range(8.9999, 20))
    pages = tuple(Page(number, f"{number}", (time,), PICTURE) for number, time in enumerate(ranges, 1))
    found = cues(chapters_vtt(Lecture("", 15.0, pages)))
    assert [(start, end) for start, end, _ in found] == [(0, 3), (3, 9), (9, 15)]


def test_ffmpeg_reads_the_captions(tmp_path: Path, lecture: Lecture) -> None:
    assert lecture.speech is not None
    path = tmp_path / "captions.vtt"
    path.write_text(captions_vtt(lecture.speech), "utf-8")
    with av.open(str(path)) as file:
        read = [
            (float(packet.pts * packet.time_base), float(packet.duration * packet.time_base), bytes(packet).decode())
            for packet in file.demux()
            if packet.pts is not None and packet.size
        ]
    assert [text for _, _, text in read] == [
        "Welcome to the lecture.",
        "It is about means &amp; &lt;ends&gt;.",
        "Now the second part.",
    ]
    assert [(start, pytest.approx(length)) for start, length, _ in read] == [(0.5, 1.5), (2.1, 1.9), (9.0, 3.0)]


def test_times_over_an_hour_and_over_a_hundred_hours_are_told() -> None:
    document = captions_vtt([Speech(3599.9996, 3601.5, "one"), Speech(360_000, 360_001, "two")])
    assert "01:00:00.000 --> 01:00:01.500" in document
    assert "100:00:00.000 --> 100:00:01.000" in document


def test_long_speech_follows_in_cues_of_two_rows_that_share_its_time() -> None:
    text = " ".join(f"word{number}" for number in range(60))
    found = cues(captions_vtt([Speech(10, 40, text)]))
    assert len(found) > 3
    assert all(len(row) <= 42 and cue.count("\n") <= 1 for _, _, cue in found for row in cue.split("\n"))
    assert " ".join(cue.replace("\n", " ") for _, _, cue in found) == text
    assert found[0][0] == 10 and found[-1][1] == 40
    assert all(before[1] == after[0] for before, after in pairwise(found))


def test_what_would_be_markup_or_end_a_cue_is_escaped() -> None:
    assert (
        cues(captions_vtt([Speech(0, 1, "a --> b\n\nc & <i>d</i>")]))[0][2] == "a --&gt; b c &amp; &lt;i&gt;d&lt;/i&gt;"
    )


def test_silence_and_speech_without_length_make_no_cue() -> None:
    assert captions_vtt([]) == "WEBVTT\n"
    assert captions_vtt([Speech(1, 1, "now"), Speech(2, 3, " \n ")]) == "WEBVTT\n"
