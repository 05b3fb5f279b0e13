"""Documents of lectures and the pictures that stand for films, through the gateway."""

from __future__ import annotations

import io
import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from films import TALK, lecture
from pypdf import PdfReader

from sightline.client import Sightline
from sightline.v1.extract_pb2 import ExtractKeyframesResult, MakeDocumentResult
from sightline.v1.job_pb2 import Job
from sightline.v1.output_pb2 import OutputFile


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lecture of four slides, six seconds each, with tones in the place of speech."""
    return lecture(tmp_path_factory.mktemp("films") / "rivers.mp4", seconds_each=6.0)


def document(sightline: Sightline, job: Job) -> MakeDocumentResult:
    (result,) = sightline.jobs.results(job)
    return result.make_document


def content(sightline: Sightline, file: OutputFile, folder: Path) -> bytes:
    return sightline.media.download(file.media, folder / "file").read_bytes()


def test_a_lecture_becomes_a_document_that_can_be_searched(sightline: Sightline, film: Path, tmp_path: Path) -> None:
    job = sightline.jobs.make_document(film, transcript=False, wait=True, timeout=120)
    made = document(sightline, job)
    assert [slide.title for slide in made.slides.slides] == [words[0] for words in TALK]
    pdf = PdfReader(io.BytesIO(content(sightline, made.pdf, tmp_path)))
    assert [words[1] in page.extract_text() for words, page in zip(TALK, pdf.pages, strict=True)] == [True] * 4
    notes = content(sightline, made.notes, tmp_path).decode()
    assert all(words[2] in notes for words in TALK)
    chapters = content(sightline, made.chapters, tmp_path).decode()
    assert chapters.startswith("WEBVTT")
    assert chapters.count("-->") == 4
    data = json.loads(content(sightline, made.data, tmp_path))
    assert (data["title"], data["transcript"], len(data["slides"])) == ("rivers", None, 4)
    assert not made.HasField("captions")
    assert not made.HasField("transcript_error")
    stages = [stage.name for stage in sightline.jobs.get(job).stages]
    assert stages == ["", "slides", "pictures", "text", "document"]


def test_a_film_that_does_not_say_how_long_it_is_has_all_its_chapters(
    sightline: Sightline, film: Path, tmp_path: Path
) -> None:
    live = tmp_path / "live.mkv"
    with av.open(str(film)) as source, av.open(str(live), "w", options={"live": "1"}) as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    with av.open(str(live)) as written:
        assert written.duration is None
    made = document(sightline, sightline.jobs.make_document(live, transcript=False, wait=True, timeout=120))
    assert made.slides.duration.ToTimedelta().total_seconds() == pytest.approx(24, abs=0.2)
    assert content(sightline, made.chapters, tmp_path).decode().count("-->") == 4


def test_every_file_of_a_document_is_written_by_its_name(sightline: Sightline, film: Path, tmp_path: Path) -> None:
    job = sightline.jobs.make_document(film, transcript=False, wait=True, timeout=120)
    files = sightline.jobs.download_files(job, tmp_path)
    slides = [f"slide-00{number}.webp" for number in range(1, 5)]
    names = ["chapters.vtt", "lecture.json", "lecture.pdf", "notes.md", *slides]
    assert sorted(file.name for file in files) == names


def test_a_failed_transcript_does_not_lose_the_slides_and_says_why(sightline: Sightline, tmp_path: Path) -> None:
    film = lecture(tmp_path / "silent.mp4", TALK[:2], seconds_each=3.0, sound=False)
    made = document(sightline, sightline.jobs.make_document(film, wait=True, timeout=120))
    assert len(made.slides.slides) == 2
    assert made.transcript_error.message
    assert not made.HasField("captions")
    assert made.pdf.size_bytes > 1000


def test_few_pictures_stand_for_a_film(sightline: Sightline, film: Path, tmp_path: Path) -> None:
    job = sightline.jobs.extract_keyframes(film, max_count=4, max_side_px=320, wait=True, timeout=120)
    (result,) = sightline.jobs.results(job)
    made: ExtractKeyframesResult = result.extract_keyframes
    times = [one.time.ToTimedelta().total_seconds() for one in made.keyframes]
    assert times == sorted(times)
    # Pages that are alike at a glance may stand for each other, but no page is there twice.
    assert 2 <= len({int(time // 6) for time in times}) == len(times) <= 4
    first = np.frombuffer(content(sightline, made.keyframes[0].image, tmp_path), np.uint8)
    assert cv2.imdecode(first, cv2.IMREAD_COLOR).shape == (180, 320, 3)
    assert made.duration.ToTimedelta().total_seconds() == pytest.approx(24, abs=0.2)
