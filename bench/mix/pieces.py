"""Recordings and pieces for the measurement: the same for everyone, written once."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RECORDINGS = 300
RATE_HZ = 24_000


@dataclass(frozen=True, slots=True)
class Placed:
    """One piece: which recording, and when it begins."""

    path: Path
    start_seconds: float


def write_recordings(folder: Path) -> list[Path]:
    """Write 300 recordings of half a second to three seconds, as a speech synthesiser gives them: 24000 Hz, mono."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(2)
    paths = [folder / f"{number}.wav" for number in range(RECORDINGS)]
    for path in paths:
        samples = random.standard_normal(int(RATE_HZ * random.uniform(0.5, 3))) * 3000
        if not path.exists():
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(RATE_HZ)
                file.writeframes(samples.astype("<i2").tobytes())
    return paths


def placed(paths: list[Path], count: int, seconds: float) -> list[Placed]:
    """Place pieces on a time line by chance."""
    random = np.random.default_rng(5)
    return [Placed(paths[number % len(paths)], float(random.uniform(0, seconds))) for number in range(count)]
