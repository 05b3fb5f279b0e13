"""Durable no-op jobs, from the call that submits to the stored result: Sightline and what a user would pick instead."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.jobs import report
from bench.jobs.systems import ROOT, THEIRS, System, systems
from bench.jobs.turn import Pace, Turns
from sightline.standalone.ports import Ports

BUILD = ROOT / "build"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-jobs", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, for a first impression")
    parser.add_argument("--rounds", type=int, default=5, help="every system has one turn in each round")
    parser.add_argument("--slots", type=int, default=8, help="jobs that a worker runs at once")
    parser.add_argument("--callers", type=int, default=32, help="callers that submit at once")
    parser.add_argument("--rate", type=float, default=50.0, help="jobs a second of the steady part")
    parser.add_argument("--only", nargs="*", default=(), help="names of systems")
    parser.add_argument("--json", type=Path, default=BUILD / "bench-jobs.json", help="where the figures are written")
    return parser.parse_args()


async def measure(
    chosen: list[System], pace: Pace, rounds: int, slots: int, folder: Path
) -> dict[str, list[dict[str, Any]]]:
    """Let the systems take turns, in another order each round."""
    found: dict[str, list[dict[str, Any]]] = {system.name: [] for system in chosen}
    ports = Ports()
    with (BUILD / "bench-jobs.log").open("w", buffering=1) as log:
        turns = {}
        for system in chosen:
            (folder / system.name).mkdir()
            turns[system.name] = Turns(system, folder / system.name, ports, slots, log)
        for number in range(rounds):
            shift = number % len(chosen)
            for system in [*chosen[shift:], *chosen[:shift]]:
                begun = time.monotonic()
                found[system.name].append(await turns[system.name].take(pace))
                _say(number + 1, system, found[system.name][-1], time.monotonic() - begun)
    return found


def _say(number: int, system: System, figures: dict[str, Any], seconds: float) -> None:
    bursts = ", ".join(
        f"{burst['jobs_per_second']:,.0f}/s at {burst['cpu']['total']:.2f} s/1,000"
        for burst in figures["bursts"].values()
    )
    steady = figures["steady"]
    laps = f"p50 {steady['p50_ms']:.1f} p99 {steady['p99_ms']:.1f} ms"
    print(f"round {number} {system.name}: {bursts}; {laps} ({seconds:.0f} s)", file=sys.stderr, flush=True)


def main() -> None:
    chosen = options()
    if not THEIRS.exists():
        raise SystemExit("build/bench-venv is missing: run `make bench-jobs`")
    all_systems = systems(chosen.slots, chosen.callers, 0.4 if chosen.quick else 1.0)
    wanted = [system for system in all_systems if not chosen.only or system.name in chosen.only]
    pace = Pace(200, chosen.rate, 4.0 if chosen.quick else 8.0, 16)
    load_before = os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="sightline-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        rounds = 1 if chosen.quick else chosen.rounds
        turns = asyncio.run(measure(wanted, pace, rounds, chosen.slots, Path(folder)))
    found = report.rows(wanted, turns)
    report.compare(found)
    facts = {"rounds": rounds, "slots": chosen.slots, "callers": chosen.callers, "rate": chosen.rate}
    facts |= {"cores": os.cpu_count(), "load_before": load_before, "load_after": os.getloadavg()}
    chosen.json.write_text(json.dumps({**facts, "rows": found, "turns": turns}, indent=1) + "\n")
    print(f"\n{json.dumps(facts)}\n\n{report.table(found)}")


if __name__ == "__main__":
    main()
