"""What it costs to mix thousands of pieces, beside pydub and FFmpeg's amix; see README.md."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RIVAL = ROOT / "build" / "bench-venv" / "bin" / "python"
HOUR, MINUTES = 3600.0, 600.0


def cost(python: Path, mixer: str, count: int, seconds: float, folder: Path) -> dict[str, Any]:
    command = [str(python), "-m", "bench.mix.mixers", mixer, str(count), str(seconds), str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    costs = f"{found['cpu_seconds']} | {found['wall_seconds']} | {found['peak_mb']}"
    print(f"| {mixer} | {seconds / 60:g} | {count} | {costs} |", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "bench-mix")
    parser.add_argument("--counts", type=int, nargs="*", default=[1_000, 3_000, 10_000])
    parser.add_argument("--beside", type=int, nargs="*", default=[30, 100])
    options = parser.parse_args()
    ours = Path(sys.executable)
    print("| mixer | minutes | pieces | CPU s | wall s | peak MB |\n|---|---|---|---|---|---|")
    hour = [cost(ours, "sightline", count, HOUR, options.folder) for count in options.counts]
    for count in options.beside:
        cost(ours, "sightline", count, MINUTES, options.folder)
        cost(ours, "amix", count, MINUTES, options.folder)
        cost(RIVAL, "pydub", count, MINUTES, options.folder)
    ratio = hour[-1]["cpu_seconds"] / hour[0]["cpu_seconds"]
    grown = hour[-1]["peak_mb"] / hour[0]["peak_mb"]
    most, least = options.counts[-1], options.counts[0]
    print(f"{most} pieces cost {ratio:.1f} times the CPU and {grown:.2f} times the memory of {least}")


if __name__ == "__main__":
    main()
