"""What a million finished jobs and a hundred thousand waiting ones cost: claims beside an empty system, and lists."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import uvloop
from pydantic import SecretStr

from sightline.common.settings import PostgresSettings
from sightline.common.state import schema
from sightline.common.state.database import Database
from sightline.common.state.filters import parse
from sightline.common.state.pages import JobPages, Page
from sightline.common.state.tasks import Success, Tasks
from sightline.common.state.upkeep import Upkeep
from sightline.common.telemetry import Metrics
from sightline.standalone import accounts, postgres
from sightline.standalone.ports import Ports
from sightline.standalone.process import Process

HERE = Path(__file__).parent
TENANT = "bench"
GROUP = 8
PAGE = 50
FILTERS = {
    "none": "",
    "state = QUEUED": "state = QUEUED",
    "state = FAILED": "state = FAILED",
    "state = CANCELLED": "state = CANCELLED",
    "state = SUCCEEDED": "state = SUCCEEDED",
    "a common label": 'labels.colour = "c0"',
    "a rare label": 'labels.film = "f7"',
    "a label of nobody": 'labels.film = "none"',
    "a kind": "kind = detect_faces",
    "a kind of nobody": "kind = segment",
    "an hour long ago": "create_time > {old} AND create_time < {young}",
}
Figures = dict[str, float]


def summary(laps: Sequence[float]) -> Figures:
    """Milliseconds, of laps in seconds."""
    ordered = sorted(laps)
    p99 = ordered[len(ordered) * 99 // 100]
    return {"p50_ms": round(statistics.median(ordered) * 1000, 2), "p99_ms": round(p99 * 1000, 2)}


async def timed(work: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    """Run work once."""
    began = time.perf_counter()
    outcome = await work()
    return time.perf_counter() - began, outcome


async def opened(url: str) -> Database:
    """Open a pool to a database."""
    database = Database(PostgresSettings(url=SecretStr(url)), Metrics(), "bench")
    await database.open()
    return database


async def claims(databases: dict[str, Database], rounds: int) -> dict[str, dict[str, Figures]]:
    """Claim and complete small groups in turns, by message (tasks are named) and without (the rows are looked at)."""
    named = {name: await oldest(database, rounds * GROUP) for name, database in databases.items()}
    laps: dict[str, dict[str, list[float]]] = {}
    for number in range(rounds):
        for name, database in databases.items():
            tasks = Tasks(database)
            ids = named[name][number * GROUP : (number + 1) * GROUP]
            seconds, claimed = await timed(partial(tasks.claim, ids, "w", 60))
            assert len(claimed) == GROUP
            laps.setdefault("claim", {}).setdefault(name, []).append(seconds)
            done = [Success(one.task_id, one.claim_id, (b"x" * 200,)) for one in claimed]
            seconds, _ = await timed(partial(tasks.complete, done))
            laps.setdefault("complete", {}).setdefault(name, []).append(seconds)
            seconds, _ = await timed(partial(tasks.waiting, "face", GROUP))
            laps.setdefault("look for waiting", {}).setdefault(name, []).append(seconds)
    return {what: {name: summary(found) for name, found in of.items()} for what, of in laps.items()}


async def oldest(database: Database, count: int) -> list[UUID]:
    """Name the tasks that have waited longest, as their messages would come."""
    async with database.connection() as connection:
        cursor = await connection.execute(
            "SELECT task_id FROM tasks WHERE state = 1 ORDER BY create_time LIMIT %s", (count,)
        )
        return [row[0] for row in await cursor.fetchall()]


async def upkeep(database: Database, rounds: int) -> dict[str, Figures]:
    """What housekeeping asks again and again."""
    duties = Upkeep(database)
    asked: dict[str, Callable[[], Awaitable[Any]]] = {
        "depths": duties.depths,
        "published": lambda: duties.published("face", older_seconds=2),
        "publishable": lambda: duties.publishable("face", older_seconds=1e9, count=100),
        "end_leases": lambda: duties.end_leases(b""),
        "age": lambda: duties.age(step_seconds=1e9),
        "purge_jobs": duties.purge_jobs,
    }
    return {name: summary([(await timed(work))[0] for _ in range(rounds)]) for name, work in asked.items()}


async def lists(database: Database, rounds: int) -> dict[str, dict[str, Figures]]:
    """Pages at the beginning, in the middle and at the end, newest first, by filter."""
    places = await depths(database)
    pages, found = JobPages(database), dict[str, dict[str, Figures]]()
    for name, text in FILTERS.items():
        condition = parse(text.format(**{word: f'"{places[word]}"' for word in ("old", "young")}))
        for place in ("first", "middle", "last"):
            page = Page(condition, after=places[place], count=PAGE)
            laps = [(await timed(partial(pages.read, TENANT, page)))[0] for _ in range(rounds)]
            found.setdefault(name, {})[place] = summary(laps)
    return found


async def depths(database: Database) -> dict[str, Any]:
    """Where pages begin: nowhere, behind half of the jobs, and before the last hundred."""
    async with database.connection() as connection:

        async def one(sql: str) -> Any:
            row = await (await connection.execute(sql, {"tenant": TENANT})).fetchone()
            assert row is not None
            return row[0]

        of_tenant = "FROM jobs WHERE tenant = %(tenant)s"
        count = await one(f"SELECT count(*) {of_tenant}")
        middle = f"SELECT job_id {of_tenant} ORDER BY job_id DESC OFFSET {count // 2} LIMIT 1"
        return {
            "first": None,
            "middle": await one(middle),
            "last": await one(f"SELECT job_id {of_tenant} ORDER BY job_id OFFSET 100 LIMIT 1"),
            "old": (await one(f"SELECT min(create_time) + interval '1 hour' {of_tenant}")).isoformat(),
            "young": (await one(f"SELECT min(create_time) + interval '2 hours' {of_tenant}")).isoformat(),
        }


def filled(url: str, name: str, finished: int, waiting: int) -> str:
    """Make a database with so many jobs; returns its URL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE bench_{name}")
    made = url.rpartition("/")[0] + f"/bench_{name}"
    schema.upgrade(made)
    with psycopg.connect(made, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        fill = (HERE / "fill.sql").read_text()
        connection.execute(fill, {"finished": finished, "waiting": waiting})
        connection.execute("VACUUM ANALYZE")
    return made


async def measured(url: str, options: argparse.Namespace) -> dict[str, Any]:
    """Fill an empty and a full database, and measure both in turns."""
    began = time.monotonic()
    urls = {
        "empty": await asyncio.to_thread(filled, url, "empty", 0, options.rounds * GROUP + 100),
        "full": await asyncio.to_thread(filled, url, "full", options.finished, options.waiting),
    }
    print(f"filled in {time.monotonic() - began:.0f} s", flush=True)
    databases = {name: await opened(one) for name, one in urls.items()}
    try:
        return {
            "lists": await lists(databases["full"], options.pages),
            "upkeep": await upkeep(databases["full"], options.pages),
            "work": await claims(databases, options.rounds),
        }
    finally:
        for database in databases.values():
            await database.close()


async def served(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run PostgreSQL as `make up` does, for as long as is measured."""
    cluster = postgres.Cluster(folder / "cluster", accounts.unprivileged("nobody"))
    password, port = secrets.token_urlsafe(16), Ports().take()
    postgres.initialise(cluster, password)
    server = Process(postgres.program(cluster, port), lambda _, _line: None)
    await server.start()
    try:
        await server.serving()
        return await measured(postgres.url(port, password), options)
    finally:
        await server.stop()


def show(found: dict[str, Any]) -> None:
    """Print the tables, and the same as JSON."""
    print(f"{'p50 / p99 ms':<22}{'empty':>18}{'full':>18}{'p99 ratio':>12}")
    for what, of in found["work"].items():
        empty, full = of["empty"], of["full"]
        ratio = full["p99_ms"] / empty["p99_ms"]
        print(f"{what:<22}{_pair(empty):>18}{_pair(full):>18}{ratio:>12.2f}")
    print(f"\n{'page of ' + str(PAGE):<22}{'first':>18}{'middle':>18}{'last':>18}")
    for name, places in found["lists"].items():
        print(f"{name:<22}" + "".join(f"{_pair(figures):>18}" for figures in places.values()))
    print(f"\n{'housekeeping':<22}{'full':>18}")
    for name, figures in found["upkeep"].items():
        print(f"{name:<22}{_pair(figures):>18}")
    print(json.dumps(found))


def _pair(figures: Figures) -> str:
    return f"{figures['p50_ms']:.2f} / {figures['p99_ms']:.2f}"


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--finished", type=int, default=1_000_000)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=500, help="claims of each kind")
    parser.add_argument("--pages", type=int, default=30, help="how often each page is read")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="sightline-tables-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        found = runner.run(served(Path(folder), options))
    show({"finished": options.finished, "waiting": options.waiting, **found})


if __name__ == "__main__":
    main()
