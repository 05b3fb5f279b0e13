"""The people of a film, as everybody asks for them: the command, our client and plain HTTP through the real system."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from face_films import write_film
from servers import System

from sightline.client import Sightline
from sightline.client.messages import FaceVideoOptions
from sightline.v1.face_pb2 import DetectFacesVideoResult


@pytest.fixture(scope="module")
def film(solvay: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four people in three scenes, 17 seconds."""
    return write_film(tmp_path_factory.mktemp("films") / "story.mp4", solvay)


def test_a_job_tells_who_is_seen_when(sightline: Sightline, film: Path) -> None:
    shares: list[float] = []
    job = sightline.jobs.detect_faces(film, embeddings=True, video=FaceVideoOptions(), force=True)
    ended = sightline.jobs.wait(job, on_change=lambda event: shares.append(event.progress), timeout=120)
    assert ended.progress == 1
    assert shares == sorted(shares)
    whole = DetectFacesVideoResult()
    for part in sightline.jobs.results(job):
        whole.MergeFrom(part.detect_faces_video)
    assert (len(whole.people), len(whole.tracks), whole.frame_count) == (4, 7, 85)
    assert all(track.best.quality.score > 0.5 and track.best_shot for track in whole.tracks)
    assert all(len(person.embedding.values) == 512 for person in whole.people)


def test_plain_http_gets_the_same_people(rest: httpx.Client, sightline: Sightline, film: Path) -> None:
    media = sightline.media.upload(film)
    spec = {"media": media.name, "detectFaces": {"video": {"every": "0.5s"}}}
    job = rest.post("/v1/jobs", json={"spec": spec}).json()
    with rest.stream("GET", f"/v1/{job['name']}:watch") as events:
        last = [json.loads(line[5:]) for line in events.iter_lines() if line.startswith("data:")][-1]
    assert last["job"]["state"] == "STATE_SUCCEEDED"
    (result,) = rest.get(f"/v1/{job['name']}/results").json()["results"]
    people = result["detectFacesVideo"]["people"]
    assert [person["id"] for person in people] == [1, 2, 3, 4]
    assert people[0]["ranges"][0] == {"start": "0s", "end": "14s"}


def test_the_command_shows_people_and_writes_their_best_shots(system: System, film: Path, tmp_path: Path) -> None:
    out = tmp_path / "people"
    command = [sys.executable, "-m", "sightline.client.command", "--server", system.addresses.server]
    ran = subprocess.run(
        [*command, "faces", str(film), "--every", "0.5", "--out", str(out)],
        env={"SIGHTLINE_KEY": system.key, "PATH": ""}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "4 people in 34 frames of 17.0 s" in ran.stdout
    assert {file.name for file in out.iterdir()} >= {f"person-{number}.jpg" for number in range(1, 5)}
    assert all(file.read_bytes().startswith(b"\xff\xd8") for file in out.iterdir())
