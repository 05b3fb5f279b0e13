"""What is said in films and recordings, through the gateway, by real models on real speech."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from films import TALK, spoken_lecture

from sightline.client import JobFailed, Sightline
from sightline.v1.extract_pb2 import TranscribeResult

# Each is heard right by the smallest model.
TELLING = ("leisure to consider", "young man", "cold", "married")


def transcript(sightline: Sightline, source: Path, **options: object) -> TranscribeResult:
    job = sightline.jobs.transcribe(source, wait=True, timeout=200, **options)
    whole = TranscribeResult()
    for part in sightline.jobs.results(job):
        whole.MergeFrom(part.transcribe)
    return whole


def said(result: TranscribeResult) -> str:
    return re.sub(r"[^a-z ]", "", " ".join(one.text for one in result.segments).lower())


def test_a_recording_is_written_down_with_its_captions(
    sightline: Sightline, speeches: list[Path], tmp_path: Path
) -> None:
    result = transcript(sightline, speeches[0], words=True)
    assert "leisure to consider" in said(result)
    assert (result.language_code, result.model.name, result.part_count) == ("en", "whisper-tiny.en", 1)
    assert result.duration.ToTimedelta().total_seconds() == pytest.approx(7.1, abs=0.2)
    words = [word for segment in result.segments for word in segment.words]
    assert len(words) > 15
    captions = sightline.media.download(result.captions.media, tmp_path / "captions.vtt").read_text()
    assert captions.startswith("WEBVTT")
    assert "leisure" in captions


def test_another_engine_is_asked_for_by_its_name(sightline: Sightline, speeches: list[Path]) -> None:
    result = transcript(sightline, speeches[1], model="pocketsphinx")
    assert result.model.name == "pocketsphinx"
    assert result.segments


def test_an_engine_that_is_not_there_is_refused_with_those_that_are(sightline: Sightline, speeches: list[Path]) -> None:
    with pytest.raises(JobFailed, match="no engine called shorthand"):
        transcript(sightline, speeches[1], model="shorthand")


def test_what_is_said_stands_beside_the_slide_it_is_said_to(
    sightline: Sightline, speeches: list[Path], tmp_path: Path
) -> None:
    film = spoken_lecture(tmp_path / "lecture.mp4", speeches)
    job = sightline.jobs.make_document(film, wait=True, timeout=200)
    (result,) = sightline.jobs.results(job)
    made = result.make_document
    assert not made.HasField("transcript_error")
    assert [slide.title for slide in made.slides.slides] == [words[0] for words in TALK]
    spoken = [" ".join(segment.text for segment in slide.segments).lower() for slide in made.speech]
    assert [words in text for words, text in zip(TELLING, spoken, strict=True)] == [True] * 4, spoken
    files = {file.name: file for file in sightline.jobs.download_files(job, tmp_path / "out")}
    assert "leisure" in files["captions.vtt"].read_text()
    assert "leisure" in files["notes.md"].read_text()
    stages = {stage.name for stage in sightline.jobs.get(job).stages}
    assert "transcript" in stages
