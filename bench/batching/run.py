"""What several pictures in one run of a model cost, beside one at a time: wall clock and processor time a picture."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from sightline.common.models import ModelStore
from sightline.common.models.devices import open_session
from sightline.common.settings import ModelSettings

MODELS = Path(__file__).parents[2] / "data" / "models"
BATCHES = (1, 2, 4, 8)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="an ONNX file that takes any number of pictures")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--side", type=int, default=640, help="height and width of the pictures")
    parser.add_argument("--pictures", type=int, default=32, help="in one turn")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def turn(session: Any, pictures: np.ndarray, batch: int) -> tuple[float, float]:
    """Run all pictures; returns milliseconds by the clock and of the processor, a picture."""
    name = session.get_inputs()[0].name
    began, used = time.perf_counter(), time.process_time()
    for first in range(0, len(pictures), batch):
        session.run(None, {name: pictures[first : first + batch]})
    share = 1000 / len(pictures)
    return (time.perf_counter() - began) * share, (time.process_time() - used) * share


def main() -> None:
    chosen = options()
    file = chosen.model or ModelStore(ModelSettings(folder=MODELS)).path("pp-ocrv6-small-detector")
    session = open_session(str(file), 1, chosen.device)
    shape = (chosen.pictures, 3, chosen.side, chosen.side)
    pictures = np.random.default_rng(1).random(shape, np.float32)
    found: dict[int, list[tuple[float, float]]] = {batch: [] for batch in BATCHES}
    for batch in BATCHES:
        turn(session, pictures[:batch], batch)
    for _ in range(chosen.rounds):
        for batch in BATCHES:
            found[batch].append(turn(session, pictures, batch))
    rows = {
        batch: {
            "ms": round(statistics.median(clock for clock, _ in laps), 1),
            "cpu_ms": round(statistics.median(cpu for _, cpu in laps), 1),
        }
        for batch, laps in found.items()
    }
    for batch, row in rows.items():
        print(f"{batch:>3} in a run: {row['ms']:8.1f} ms by the clock, {row['cpu_ms']:8.1f} ms of CPU a picture")
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
