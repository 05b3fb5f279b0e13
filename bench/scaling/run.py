"""Measure what jobs and processes ask of the stores: python -m bench.scaling.run [--jobs N] [--keep]."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from bench.scaling.measure import measured

FIGURES = Path(__file__).parent / "figures.json"
LOG = Path("build/scaling.log")


def main() -> None:
    """Measure, print, and keep the figures where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=4000, help="jobs of the bursts of single calls; batches have twice")
    parser.add_argument("--keep", action="store_true", help="make them the figures of docs/scaling.md")
    options = parser.parse_args()
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w") as log:
        found = asyncio.run(measured(options.jobs, log))
    text = json.dumps(found, indent=1, sort_keys=True) + "\n"
    print(text)
    if options.keep:
        FIGURES.write_text(text)


if __name__ == "__main__":
    main()
