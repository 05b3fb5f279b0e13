"""Keep the tables of docs/scaling.md from figures.json, running nothing: python -m bench.scaling.page PAGE."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from bench.scaling.model import BOUNCER_MS, FILMS, PICTURES, SLOTS, Demand, Figures, Mix, Stores, demand, shares
from bench.scaling.run import FIGURES
from sightline.common.settings import PostgresSettings

ROOT = Path(__file__).parents[2]
REPLICAS = (10, 100, 1000)
WAITING, TASK_SECONDS, START_SECONDS = 100_000, 2, 20
BEGIN, END = "<!-- {}: made by bench.scaling.page -->", "<!-- end of {} -->"


def main(page: Path) -> None:
    """Write the tables into the page between their marks."""
    page.write_text(with_tables(page.read_text()))


def with_tables(page: str) -> str:
    """Give a page with the tables as the figures make them."""
    figures: Figures = json.loads(FIGURES.read_text())
    for name, make in TABLES.items():
        begin, end = BEGIN.format(name), END.format(name)
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        page = f"{before}{begin}\n\n{make(figures)}\n\n{end}{after}"
    return page


def processes(figures: Figures) -> str:
    """What a process asks for by being there."""
    idle, long = figures["idle"], figures["long"]
    pool = PostgresSettings().pool_max
    connections, redis = figures["connections"]["idle"], figures["redis"]
    of_gateway, of_worker = connections["gateway"] / redis["gateways"], connections["bench"] / redis["workers"]
    each = redis["clients"] / (redis["gateways"] + redis["workers"])
    rows = [
        ("the gateway that leads", idle["leader"], of_gateway),
        ("any other gateway", idle["gateway"], of_gateway),
        ("a replica with nothing to do", idle["worker"], of_worker),
        (f"a replica with {long['tasks']} long tasks: heartbeats", long, of_worker),
    ]
    return _table(
        ("process", "connections to PostgreSQL, at most", "commits/s", "connections to Redis", "Redis commands/s"),
        [
            (name, f"{_number(at_rest)}, {pool}", _number(one["commits"]), _number(each), _number(one["commands"]))
            for name, one, at_rest in rows
        ],
    )


def jobs(figures: Figures) -> str:
    """What a job asks for."""
    ways = {
        "alone": "lone",
        "at a replica's pace": "paced",
        "fast, 32 callers": "single",
        "fast, 500 in a call": "batch",
    }
    of = [figures[key] for key in ways.values()]
    stored = sum(figures["job_bytes"].values())
    rows: list[Sequence[str]] = [
        ("commits", *(_number(one["commits"]) for one in of)),
        ("WAL, KB", *(_number(one["wal_bytes"] / 1000) for one in of)),
        ("CPU of PostgreSQL, ms", *(_number(one["cpu_ms"]["postgres"]) for one in of)),
        ("CPU of the gateway, ms", *(_number(one["cpu_ms"]["gateway"]) for one in of)),
        ("Redis commands", *(_number(one["commands"]) for one in of)),
        ("CPU of Redis, ms", *(_number(one["cpu_ms"]["valkey"]) for one in of)),
        ("rows with their indexes, KB", *[_number(stored / 1000)] * len(of)),
    ]
    return _table(("one job", *ways), rows)


def cores(figures: Figures) -> str:
    """What one core of each store bears."""
    ways = {"at a replica's pace": "paced", "fast, 32 callers": "single", "fast, 500 in a call": "batch"}
    rows = []
    for name, process in (("PostgreSQL", "postgres"), ("Redis", "valkey"), ("the gateway", "gateway")):
        borne = [1000 / figures[way]["cpu_ms"][process] for way in ways.values()]
        rows.append((name, *(_number(one) for one in borne), _number(borne[0] / PICTURES.jobs)))
    paced = 1000 / (figures["paced"]["commits"] * BOUNCER_MS)
    rest = (1000 / (figures[way]["commits"] * BOUNCER_MS) for way in ("single", "batch"))
    rows.append(("PgBouncer", _number(paced), *(_number(one) for one in rest), _number(paced / PICTURES.jobs)))
    return _table(("jobs/s that a core bears", *ways, "replicas of each service, at pictures"), rows)


def asked(mix: Mix) -> Callable[[Figures], str]:
    """Make the table of what replicas ask for that do nothing but this."""
    lines: list[tuple[str, Callable[[Demand], str]]] = [
        ("jobs/s", lambda one: _number(one.jobs)),
        ("gateways", lambda one: str(one.gateways)),
        ("connections, at rest and at most", lambda one: f"{_number(one.connections_rest)}, {one.connections_most:,}"),
        (
            "with PgBouncer: from clients, to PostgreSQL",
            lambda one: f"{one.bouncer_clients:,}, {one.bouncer_server:,}",
        ),
        ("cores of PgBouncers", lambda one: _number(one.bouncer_cores)),
        ("commits/s, and with nothing to do", lambda one: f"{_number(one.commits)}, {_number(one.commits_rest)}"),
        ("cores of PostgreSQL", lambda one: _number(one.postgres_cores)),
        ("WAL, MB/s", lambda one: _number(one.wal_bytes / 1e6)),
        ("rows, GB a day and in a week", lambda one: f"{_size(one.growth_bytes)}, {_size(one.kept_bytes)}"),
        ("connections to Redis", lambda one: _number(one.redis_connections)),
        ("Redis commands/s", lambda one: _number(one.redis_commands)),
        ("share of Redis' core", lambda one: f"{one.redis_cores:.0%}"),
        ("messages in Redis, MB", lambda one: _number(one.redis_bytes / 1e6)),
        ("bytes read from the blob store, MB/s", lambda one: _number(one.blob_bytes / 1e6)),
    ]

    def make(figures: Figures) -> str:
        found = _demands(figures, mix)
        return _table(
            ("replicas of each service", *(f"{one:,}" for one in REPLICAS)),
            [(name, *(give(one) for one in found)) for name, give in lines],
        )

    return make


def limits(figures: Figures) -> str:
    """What breaks first."""
    rows = []
    for stores in _stores():
        for mix in (PICTURES, FILMS):
            for one in _demands(figures, mix):
                direct, pooled = (shares(one, stores, pooled=way) for way in (False, True))
                rows.append((stores.name, mix.name, f"{one.replicas:,}", _beyond(direct), _beyond(pooled)))
    return _table(("stores", "work", "replicas", "beyond what there is", "the same with PgBouncer"), rows)


def _beyond(found: dict[str, float]) -> str:
    over = sorted(((share, name) for name, share in found.items() if share > 1), reverse=True)
    return ", ".join(f"{name} {_number(share)} times" for share, name in over) or "nothing"


def drains(figures: Figures) -> str:
    """How long the autoscaler and the replicas need."""
    del figures
    algorithm = _autoscaler()
    up = algorithm.Direction(0, (("Percent", 100, 15), ("Pods", 4, 15)))
    down = algorithm.Direction(300, (("Percent", 10, 60), ("Pods", 1, 60)))
    rows = []
    for most in REPLICAS:
        scaler = algorithm.Autoscaler(10.0, 1, most, up, down)
        seen = algorithm.simulate(
            scaler, [WAITING], task_seconds=TASK_SECONDS, slots=SLOTS, start_seconds=START_SECONDS
        )
        full = seen.replicas.index(max(seen.replicas)) * algorithm.SYNC_SECONDS
        ideal = WAITING * TASK_SECONDS / SLOTS / most
        rows.append((f"{most:,}", f"{full} s", _duration(seen.seconds), _duration(ideal), f"{seen.done:,}"))
    header = ("at most", "all replicas asked for after", "all done after", "if all had been there", "done")
    return _table(header, rows)


TABLES: dict[str, Callable[[Figures], str]] = {
    "processes": processes,
    "jobs": jobs,
    "cores": cores,
    "pictures": asked(PICTURES),
    "films": asked(FILMS),
    "limits": limits,
    "drains": drains,
}


def _demands(figures: Figures, mix: Mix) -> list[Demand]:
    bouncer = _values()["pgbouncer"]
    return [demand(figures, mix, one, pool_size=bouncer["poolSize"], bouncers=bouncer["replicas"]) for one in REPLICAS]


def _stores() -> tuple[Stores, Stores]:
    chart = (ROOT / "charts/sightline/templates/stores/postgres.yaml").read_text()
    (connections,) = re.findall(r"max_connections=(\d+)", chart)
    disk = int(_values()["postgres"]["internal"]["size"].removesuffix("Gi")) * 2**30
    return (
        Stores("of the chart, 2 cores", int(connections), cores=2, wal_bytes=20e6, disk_bytes=disk),
        Stores("32 cores, 4 TB", 1000, cores=32, wal_bytes=200e6, disk_bytes=4e12),
    )


def _values() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "charts/sightline/values.yaml").read_text())
    return found


def _autoscaler() -> ModuleType:
    """Give the algorithm of the HorizontalPodAutoscaler, which the tests of the chart have."""
    spec = importlib.util.spec_from_file_location("autoscaler", ROOT / "tests/chart/autoscaler.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["autoscaler"] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, ["---"] * len(header), *rows))


def _number(value: float) -> str:
    """Two digits that matter, since nothing here is known better."""
    if value < 0.005:
        return "0"
    if value >= 100:
        step = 10 ** (_digits(value) - 2)
        return f"{round(value / step) * step:,}"
    return f"{value:.2g}"


def _digits(value: float) -> int:
    """How many digits the whole part has."""
    return len(str(int(value)))


def _size(value: float) -> str:
    return _number(value / 1e9)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
