"""Medians over the rounds, and the table of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from bench.jobs.systems import System

CELERY, CELERY_POSTGRES = "Celery + Redis", "Celery + PostgreSQL"


def rows(systems: Iterable[System], turns: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Give one row per burst; figures of the steady part stand in the row of a system's first burst."""
    found = []
    for system in systems:
        for number, load in enumerate(system.bursts):
            row: dict[str, Any] = {"name": load.name, "results_in": system.results_in}
            bursts = [turn["bursts"][load.name] for turn in turns[system.name]]
            row["jobs_per_second"] = _median(burst["jobs_per_second"] for burst in bursts)
            row["cpu_seconds"] = _medians(burst["cpu"] for burst in bursts)
            if number == 0:
                steady = [turn["steady"] for turn in turns[system.name]]
                row["p50_ms"] = _median(one["p50_ms"] for one in steady)
                row["p99_ms"] = _median(one["p99_ms"] for one in steady)
                row["steady_cpu_seconds"] = _medians(one["cpu"] for one in steady)
            found.append(row)
    return found


def compare(found: list[dict[str, Any]]) -> None:
    """Add the ratios to Celery: more is better for jobs a second, less for CPU."""
    by_name = {row["name"]: row for row in found}
    for row in found:
        for key, name in (("redis", CELERY), ("postgres", CELERY_POSTGRES)):
            if name in by_name:
                row[f"times_celery_{key}"] = round(row["jobs_per_second"] / by_name[name]["jobs_per_second"], 2)
        if CELERY in by_name:
            row["cpu_of_celery"] = round(row["cpu_seconds"]["total"] / by_name[CELERY]["cpu_seconds"]["total"], 3)


def table(found: Iterable[Mapping[str, Any]]) -> str:
    """Write the rows as a table of Markdown."""
    lines = [
        "| system | jobs/s | x Celery+Redis | x Celery+PostgreSQL | CPU s / 1,000 | of Celery | p50 ms | p99 ms "
        "| CPU s / 1,000 at the steady rate |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in found:
        steady = row.get("steady_cpu_seconds")
        cells = (
            row["name"],
            f"{row['jobs_per_second']:,.0f}",
            _cell(row.get("times_celery_redis"), ".2f"),
            _cell(row.get("times_celery_postgres"), ".1f"),
            f"{row['cpu_seconds']['total']:.2f}",
            _cell(row.get("cpu_of_celery"), ".2f"),
            _cell(row.get("p50_ms"), ".1f"),
            _cell(row.get("p99_ms"), ".1f"),
            _cell(steady["total"] if steady else None, ".2f"),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _median(values: Iterable[float]) -> float:
    return round(median(values), 3)


def _medians(dicts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    each = list(dicts)
    return {name: _median(one[name] for one in each) for name in each[0]}
