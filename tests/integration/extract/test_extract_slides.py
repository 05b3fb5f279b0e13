"""Slides and their text through the gateway: films in, pictures and results out."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from engine import Engine
from films import TALK, lecture, page

from sightline.client import NotFound, Sightline
from sightline.v1 import extract_service_pb2_grpc
from sightline.v1.extract_pb2 import ExtractSlidesOptions, ExtractSlidesResult, ExtractTextOptions, Slide
from sightline.v1.extract_service_pb2 import ExtractTextRequest, ProbeMediaRequest
from sightline.v1.image_pb2 import ImageSource
from sightline.v1.job_pb2 import Job, JobSpec
from sightline.v1.media_pb2 import Media


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lecture of four slides, six seconds each."""
    return lecture(tmp_path_factory.mktemp("films") / "lecture.mp4", seconds_each=6.0)


@pytest.fixture
def media(sightline: Sightline, film: Path) -> Media:
    return sightline.media.upload(film)


def done(sightline: Sightline, spec: JobSpec) -> Job:
    return sightline.jobs.wait(sightline.jobs.create(spec), timeout=120)


def slides_of(sightline: Sightline, job: Job) -> ExtractSlidesResult:
    whole = ExtractSlidesResult()
    for part in sightline.jobs.results(job):
        whole.MergeFrom(part.extract_slides)
    return whole


def downloaded(sightline: Sightline, slide: Slide, folder: Path) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(read(sightline, slide.image.media, folder), np.uint8), cv2.IMREAD_COLOR)


def read(sightline: Sightline, media: str, folder: Path) -> bytes:
    return sightline.media.download(media, folder / "file").read_bytes()


def test_each_slide_of_a_lecture_is_found_once_with_its_picture_and_times(
    sightline: Sightline, media: Media, tmp_path: Path
) -> None:
    job = done(sightline, JobSpec(media=media.name, extract_slides=ExtractSlidesOptions()))
    result = slides_of(sightline, job)
    assert [slide.number for slide in result.slides] == [1, 2, 3, 4]
    starts = [slide.ranges[0].start.ToTimedelta().total_seconds() for slide in result.slides]
    assert starts == pytest.approx([0, 6, 12, 18], abs=0.5)
    assert (result.image_size.width_px, result.duration.ToTimedelta().total_seconds()) == (
        640,
        pytest.approx(24, abs=0.2),
    )
    for slide, words in zip(result.slides, TALK, strict=True):
        shown = downloaded(sightline, slide, tmp_path).astype(int)
        assert np.abs(shown - page(words, (640, 360))).mean() < 4
        assert slide.image.file_name == f"slide-{slide.number:03d}.webp"
    stages = {stage.name: stage.task_count for stage in sightline.jobs.get(job).stages}
    assert stages == {"": 1, "slides": 2, "pictures": 1}


def test_text_gives_each_slide_its_title_and_lines(sightline: Sightline, media: Media) -> None:
    options = ExtractSlidesOptions(include_text=True)
    job = done(sightline, JobSpec(media=media.name, extract_slides=options))
    result = slides_of(sightline, job)
    assert [slide.title for slide in result.slides] == [words[0] for words in TALK]
    for slide, words in zip(result.slides, TALK, strict=True):
        assert [line.text for line in slide.lines] == list(words)
        assert all(0 <= line.box.left < line.box.right <= 1 for line in slide.lines)
    assert result.text_model.name == "pp-ocrv6-small-recogniser"


def test_a_video_gives_its_text_and_when_it_was_shown(sightline: Sightline, media: Media) -> None:
    job = done(sightline, JobSpec(media=media.name, extract_text=ExtractTextOptions()))
    (result,) = [one.extract_text_video for one in sightline.jobs.results(job)]
    assert [[line.text for line in text.lines] for text in result.texts] == [list(words) for words in TALK]
    assert result.texts[1].ranges[0].start.ToTimedelta().total_seconds() == pytest.approx(6, abs=0.5)


def test_a_picture_gives_its_text_by_a_job_and_by_a_call(sightline: Sightline) -> None:
    picture = cv2.imencode(".png", page(TALK[0], (640, 360)))[1].tobytes()
    job = done(sightline, JobSpec(media=sightline.media.upload(picture).name, extract_text=ExtractTextOptions()))
    (by_job,) = [one.extract_text for one in sightline.jobs.results(job)]
    stub = extract_service_pb2_grpc.ExtractServiceStub(sightline._calls.channel)
    request = ExtractTextRequest(image=ImageSource(content=picture))
    by_call = sightline._calls.unary(stub.ExtractText, request, None).result
    assert [line.text for line in by_call.lines] == list(TALK[0])
    assert by_job == by_call


def test_a_file_is_probed_before_it_is_worked_on(sightline: Sightline, media: Media) -> None:
    stub = extract_service_pb2_grpc.ExtractServiceStub(sightline._calls.channel)
    facts = sightline._calls.unary(stub.ProbeMedia, ProbeMediaRequest(name=media.name), None)
    assert "mp4" in facts.container
    assert [(one.codec, one.image_size.width_px, one.sample_rate_hz) for one in facts.streams] == [
        ("h264", 640, 0),
        ("aac", 0, 48_000),
    ]
    assert facts.duration.ToTimedelta().total_seconds() == pytest.approx(24, abs=0.2)


def test_the_files_of_a_job_are_gone_with_it(sightline: Sightline, media: Media, engine: Engine) -> None:
    job = done(sightline, JobSpec(media=media.name, extract_slides=ExtractSlidesOptions()))
    (first, *_) = slides_of(sightline, job).slides
    sightline.jobs.delete(job)
    with pytest.raises(NotFound):
        sightline.media.get(first.image.media)
    assert engine.rows("SELECT count(*) FROM media WHERE job_id = %s::uuid", job.name.removeprefix("jobs/")) == [(0,)]
