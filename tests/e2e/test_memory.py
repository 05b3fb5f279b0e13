"""What the processes weigh, measured after they have worked; printed, and held below what was promised."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from servers import System

from sightline.client import Sightline

PROMISED_MB = {"gateway": 150, "face": 600}


def test_gateway_and_face_stay_below_what_was_promised(
    system: System, sightline: Sightline, solvay: Path, newton: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for picture in (solvay, newton) * 5:
        sightline.faces.embed(picture)
        sightline.jobs.detect_faces(picture, embeddings=True, force=True, wait=True)
    weights = {name: psutil.Process(system.pids[name]).memory_info().rss / 1e6 for name in PROMISED_MB}
    with capsys.disabled():
        print("\nresident memory:", ", ".join(f"{name} {mb:.0f} MB" for name, mb in weights.items()))  # noqa: T201
    assert all(weights[name] < promised for name, promised in PROMISED_MB.items()), weights
