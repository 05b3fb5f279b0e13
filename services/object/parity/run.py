"""Record Ultralytics' answers in the export environment, and compare ours with them: what `make parity` does."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from sightline.common.models import ModelStore
from sightline.common.settings import ModelSettings

HERE = Path(__file__).resolve().parent
ANSWERS = HERE.parent / "tests" / "parity"
DEFAULT, WEIGHTS = "people-falls", "people-falls-weights"


def main() -> int:
    """Record, then compare; 1 where an answer differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True, help="where fetched models are")
    parser.add_argument("--build", type=Path, required=True, help="where the export environment is, and what is made")
    parser.add_argument("--coco", type=Path, required=True, help="a folder with COCO models, if there is one")
    chosen = parser.parse_args()
    store = ModelStore(ModelSettings(folder=chosen.models, allow_noncommercial=True))
    here = chosen.build / "parity"
    here.mkdir(parents=True, exist_ok=True)
    models = [Path(shutil.copy(store.path(DEFAULT), here / f"{DEFAULT}.onnx"))]
    models += [Path(shutil.copy(file, here)) for file in sorted(chosen.coco.glob("*.onnx"))]
    subprocess.run(  # noqa: S603 - our own program, in the environment that was made for it
        [
            *(str(chosen.build / "export" / "bin" / "python"), str(HERE / "parity_record.py")),
            *("--onnx", *map(str, models), "--weights", str(store.path(WEIGHTS))),
            *("--out", str(ANSWERS), "--made", str(here / "made")),
        ],
        check=True,
    )
    for answer in ANSWERS.glob("*.json"):
        if (here / answer.name).with_suffix(".onnx").exists():
            shutil.copy(answer, here)
    from parity_compare import main as compare

    return compare([str(here), str(here / "made")])


if __name__ == "__main__":
    sys.exit(main())
