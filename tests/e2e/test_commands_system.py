"""Each kind of work from the command line through the real system, on what it is meant for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest
from films import TALK, lecture, page, tone
from servers import System
from things import passing, person, rounds

Run = Callable[..., Any]


@pytest.fixture
def run(system: System) -> Run:
    """Runs the command, and gives what it prints as JSON."""

    def run_command(*arguments: str | Path) -> Any:
        command = [sys.executable, "-m", "sightline.client.command", "--server", system.addresses.server]
        ran = subprocess.run(
            [*command, *map(str, arguments), "--json"],
            env={"SIGHTLINE_KEY": system.key, "PATH": ""}, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        (line,) = ran.stdout.splitlines()
        return json.loads(line)

    return run_command


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lecture(tmp_path_factory.mktemp("films") / "talk.mp4", TALK[:2], seconds_each=3.0)


@pytest.mark.parametrize("way", ["--sync", "--job"])
def test_objects_of_a_picture(run: Run, tmp_path: Path, way: str) -> None:
    photo, drawn = tmp_path / "person.png", tmp_path / "drawn.jpg"
    cv2.imwrite(str(photo), person())
    found = run("objects", photo, way, "--draw", drawn)
    assert found["objects"][0]["className"] == "Normal"
    assert cv2.imread(str(drawn)).shape == (512, 512, 3)


def test_objects_of_a_film(run: Run, tmp_path: Path) -> None:
    found = run("objects", passing(tmp_path / "passing.mp4"), "--every", "0.1", "--min-score", "0.4")
    assert max(track["frameCount"] for track in found["tracks"]) == 6


@pytest.mark.parametrize("way", ["--sync", "--job"])
def test_outlines_of_a_picture(run: Run, tmp_path: Path, way: str) -> None:
    plate = tmp_path / "plate.png"
    plate.write_bytes(rounds())
    found = run("segment", plate, way, "--um-per-px", "2")
    assert [round(segment["equivalentDiameterUm"], -1) for segment in found["segments"]] == [200, 120]


def test_text_of_a_picture_and_of_a_film(run: Run, talk: Path, tmp_path: Path) -> None:
    sign = tmp_path / "sign.png"
    cv2.imwrite(str(sign), page(TALK[0], (640, 360)))
    assert [line["text"] for line in run("text", sign)["lines"]] == list(TALK[0])
    shown = [line["text"] for text in run("text", talk)["texts"] for line in text["lines"]]
    assert set(TALK[0] + TALK[1]) <= set(shown)


def test_slides_documents_and_keyframes_of_a_film(run: Run, talk: Path, tmp_path: Path) -> None:
    slides = run("slides", talk, "--text", "--out", tmp_path / "slides")["slides"]
    assert [slide["title"] for slide in slides] == [words[0] for words in TALK[:2]]
    run("document", talk, "--no-transcript", "--out", tmp_path / "documents")
    run("keyframes", talk, "--count", "2", "--out", tmp_path / "keyframes")
    kinds = {path.suffix for path in tmp_path.rglob("*.*")}
    assert {".webp", ".pdf", ".md", ".vtt", ".json"} <= kinds


def test_sound_taken_out_written_down_and_mixed(run: Run, talk: Path, tmp_path: Path) -> None:
    sound = tone(tmp_path / "tone.wav")
    run("audio", talk, "--out", tmp_path / "audio")
    run("mix", f"{sound}@0.5", "--out", tmp_path / "mix")
    assert len(list((tmp_path / "audio").iterdir())) == len(list((tmp_path / "mix").iterdir())) == 1
    # A tone is not speech: what is written down of it is nothing.
    assert not run("transcribe", talk).get("segments")
