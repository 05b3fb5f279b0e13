"""What films say and show, asked for over REST as anyone with an HTTP client would, through Envoy."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import cv2
import httpx
import pytest
from films import TALK, lecture, page, tone
from over_rest import done, uploaded


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lecture(tmp_path_factory.mktemp("films") / "lecture.mp4", TALK[:2], seconds_each=3.0)


def test_a_picture_is_read_at_once(rest: httpx.Client) -> None:
    content = cv2.imencode(".png", page(TALK[0], (640, 360)))[1].tobytes()
    answer = rest.post("/v1/texts:extract", json={"image": {"content": base64.b64encode(content).decode()}})
    assert [line["text"] for line in answer.json()["result"]["lines"]] == list(TALK[0])


def test_a_file_is_probed(rest: httpx.Client, film: Path) -> None:
    facts = rest.get(f"/v1/{uploaded(rest, film)}:probe").json()
    assert [stream["codec"] for stream in facts["streams"]] == ["h264", "aac"]


def test_what_is_no_film_is_refused_with_its_reason(rest: httpx.Client, tmp_path: Path) -> None:
    sound = tone(tmp_path / "tone.wav")
    job = rest.post("/v1/jobs", json={"spec": {"media": uploaded(rest, sound), "extractSlides": {}}}).json()
    with rest.stream("GET", f"/v1/{job['name']}:watch", timeout=60) as events:
        lines = [line for line in events.iter_lines() if line.startswith("data:")]
    ended = json.loads(lines[-1].removeprefix("data:"))["job"]
    assert ended["state"] == "STATE_FAILED"
    assert "MEDIA_UNSUPPORTED" in json.dumps(ended["error"])


def test_every_kind_of_job_gives_its_files(rest: httpx.Client, film: Path, tmp_path: Path) -> None:
    media, sound = uploaded(rest, film), uploaded(rest, tone(tmp_path / "tone.wav"))
    slides = done(rest, {"media": media, "extractSlides": {"includeText": True}})["extractSlides"]["slides"]
    assert [slide["title"] for slide in slides] == [words[0] for words in TALK[:2]]
    document = done(rest, {"media": media, "makeDocument": {"omitTranscript": True}})["makeDocument"]
    keyframes = done(rest, {"media": media, "extractKeyframes": {"maxCount": 2}})["extractKeyframes"]["keyframes"]
    audio = done(rest, {"media": media, "extractAudio": {}})["extractAudio"]["audio"]
    mix = done(rest, {"mixAudio": {"pieces": [{"media": sound, "start": "0.5s"}]}})["mixAudio"]["audio"]
    said = done(rest, {"media": media, "transcribe": {}})["transcribe"]
    assert not said.get("segments")  # the lecture sounds, and nobody speaks
    texts = done(rest, {"media": media, "extractText": {}})["extractTextVideo"]["texts"]
    assert set(TALK[0] + TALK[1]) <= {line["text"] for text in texts for line in text["lines"]}
    for file in (slides[0]["image"], document["pdf"], keyframes[0]["image"], audio, mix, said["captions"]):
        answer = rest.get(f"/v1/{file['media']}:download")
        assert answer.headers["content-type"] == file["contentType"]
        assert len(answer.content) == int(file["sizeBytes"])
