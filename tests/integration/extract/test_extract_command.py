"""What films say and show, by the command: results for people and machines, files in a folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest
from engine import Engine
from films import TALK, lecture, page, tone
from typer.testing import CliRunner, Result

from sightline.client.command.app import build

Run = Callable[..., Result]


@pytest.fixture
def run(engine: Engine) -> Run:
    """Runs the command with the words of a test."""

    def run(*words: Any, status: int = 0) -> Result:
        options = ["--server", engine.gateways[0].url, "--key", engine.key, "--timeout", "120"]
        result = CliRunner().invoke(build(), [*options, *map(str, words)])
        assert result.exit_code == status, result.output
        return result

    return run


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lecture(tmp_path_factory.mktemp("films") / "lecture.mp4", TALK[:2], seconds_each=3.0)


def test_slides_are_listed_and_written_into_a_folder(run: Run, film: Path, tmp_path: Path) -> None:
    result = run("slides", film, "--text", "--out", tmp_path)
    assert "2 slides in 0:06" in result.stdout
    assert all(words[0] in result.stdout for words in TALK[:2])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["slide-001.webp", "slide-002.webp"]
    assert cv2.imread(str(tmp_path / "slide-002.webp")).shape == (360, 640, 3)


def test_slides_are_told_to_machines_as_one_line(run: Run, film: Path) -> None:
    told = json.loads(run("slides", film, "--png", "--json").stdout)
    assert [slide["image"]["contentType"] for slide in told["slides"]] == ["image/png"] * 2
    assert told["file"] == str(film)


def test_the_text_of_a_picture_and_of_a_video_is_printed(run: Run, film: Path, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    cv2.imwrite(str(picture), page(TALK[0], (640, 360)))
    result = run("text", picture, film)
    assert result.stdout.count(TALK[0][1]) == 2
    assert any(time in result.stdout for time in ("0:02.9", "0:03.0"))


def test_sound_is_taken_out_and_mixed(run: Run, film: Path, tmp_path: Path) -> None:
    run("audio", film, "--start", 1, "--end", 2, "--format", "flac", "--out", tmp_path)
    assert (tmp_path / "audio.flac").stat().st_size > 1000
    beep = tone(tmp_path / "beep.wav", seconds=0.5)
    result = run("mix", f"{beep}@0,gain=-6", f"{beep}@1.5,fade-out=0.2", "--channels", 1, "--out", tmp_path)
    assert "mix: 2.00 s, 48000 Hz, 1 ch" in result.stdout
    assert (tmp_path / "mix.wav").stat().st_size == pytest.approx(2 * 2 * 48_000, abs=200)


def test_a_piece_that_is_none_is_refused_before_anything_is_sent(run: Run) -> None:
    assert "is no piece" in run("mix", "sound.wav@soon", status=2).output
    assert "is no piece" in run("mix", "sound.wav", status=2).output
    assert "is no piece" in run("mix", "sound.wav@0,volume=3", status=2).output
