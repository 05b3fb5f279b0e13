"""Export weights of the catalogue to ONNX in the export environment, and add the model: what `make export` does.

The weights are checked by sha256 before anything reads them: a .pt file is a pickle, which is code.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from sightline.common.models import ModelStore
from sightline.common.settings import ModelSettings

EXPORT = "import sys, ultralytics; ultralytics.YOLO(sys.argv[1]).export(format='onnx', dynamic=True, simplify=False)"


def main() -> None:
    """Export one model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="such as yolo11n, for yolo11n-weights of the catalogue")
    parser.add_argument("--models", type=Path, required=True, help="where fetched models are")
    parser.add_argument("--build", type=Path, required=True, help="where the export environment is")
    chosen = parser.parse_args()
    store = ModelStore(ModelSettings(folder=chosen.models))
    weights = store.entry(f"{chosen.name}-weights")
    place = chosen.build / "exported"
    place.mkdir(parents=True, exist_ok=True)
    copied = Path(shutil.copy(store.path(weights.name), place / f"{chosen.name}.pt"))
    environment = {**os.environ, "YOLO_OFFLINE": "1", "YOLO_AUTOINSTALL": "False"}
    command = [str(chosen.build / "export" / "bin" / "python"), "-c", EXPORT, str(copied)]
    subprocess.run(command, check=True, env=environment)  # noqa: S603 - our own words, no shell
    exported = copied.with_suffix(".onnx")
    licence, commercial = weights.weights_licence, weights.commercial
    store.add(exported, chosen.name, version=weights.version, licence=licence, commercial=commercial)
    sys.stdout.write(f"{chosen.name}: added; name it in OBJECT_OBJECT__DETECTORS\n")


if __name__ == "__main__":
    main()
