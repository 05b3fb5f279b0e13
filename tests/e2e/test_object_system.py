"""Objects and their outlines over REST, as anyone with an HTTP client asks for them, through Envoy."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import httpx
import pytest
from over_rest import done, uploaded
from things import passing, person, rounds


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "person.png"
    path.write_bytes(cv2.imencode(".png", person())[1].tobytes())
    return path


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    path = tmp_path / "plate.png"
    path.write_bytes(rounds())
    return path


def test_objects_are_found_at_once_and_by_a_job_alike(rest: httpx.Client, photo: Path) -> None:
    image = {"content": base64.b64encode(photo.read_bytes()).decode()}
    at_once = rest.post("/v1/objects:detect", json={"image": image}).json()["result"]
    assert at_once["objects"][0]["className"] == "Normal"
    by_job = done(rest, {"media": uploaded(rest, photo), "detectObjects": {}})["detectObjects"]
    assert by_job == at_once


def test_outlines_are_measured_at_once_and_by_a_job_alike(rest: httpx.Client, plate: Path) -> None:
    image = {"content": base64.b64encode(plate.read_bytes()).decode()}
    at_once = rest.post("/v1/objects:segment", json={"image": image, "options": {"micrometresPerPx": 2}}).json()
    segments = at_once["result"]["segments"]
    assert [round(segment["equivalentDiameterUm"], -1) for segment in segments] == [200, 120]
    spec = {"media": uploaded(rest, plate), "segment": {"micrometresPerPx": 2}}
    assert done(rest, spec)["segment"] == at_once["result"]


def test_the_objects_of_a_film_are_followed(rest: httpx.Client, tmp_path: Path) -> None:
    film = uploaded(rest, passing(tmp_path / "passing.mp4"))
    options = {"minScore": 0.4, "video": {"every": "0.1s"}}
    found = done(rest, {"media": film, "detectObjects": options})["detectObjectsVideo"]
    assert found["frameCount"] == 6
    assert max(track["frameCount"] for track in found["tracks"]) == 6
