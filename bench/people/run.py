"""A hundred thousand enrolled faces: how long a search takes, and how much it finds of what an exact search finds."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psutil
import psycopg
from pydantic import SecretStr

from sightline.common.settings import PostgresSettings
from sightline.common.state import schema
from sightline.common.state.database import Database
from sightline.common.state.erasures import Cause, Erasures, Whom
from sightline.common.state.faces import Faces, Near, NewFace, Space
from sightline.common.state.identifiers import uuid7
from sightline.common.telemetry import Metrics
from sightline.gateway.people.matching import Matching, Wanted
from sightline.gateway.settings import PeopleSettings
from sightline.standalone import accounts, postgres
from sightline.standalone.ports import Ports
from sightline.standalone.process import Process

TENANT, MODEL = "bench", bytes(32)
SPACE = Space(TENANT, "", MODEL)
DIMENSIONS, OF_EACH = 512, 5
# Two pictures of a person: a mean cosine of about 0.75 and a least one below 0.45, as the default model has it on
# photographs.
SPREAD = (0.2, 1.05)
# Strangers reach 0.23 in one of a hundred pairs, as with the default model: so many directions are really used.
DIRECTIONS = 100
THRESHOLD = 0.4
PEOPLE_MAX = 5


class Crowd:
    """Random people with several faces each, and further pictures of some of them.

    Attributes:
        faces: count x 512, of unit length; those of one person in a row.
        asked: pictures of random people who are enrolled, count x 512.
        asked_of: the number of the person in each.
        owners: the id of each person.
        face_ids: the id of each face.
    """

    def __init__(self, count: int, asked: int, directions: int) -> None:
        random = np.random.default_rng(1)
        frame = np.linalg.qr(random.standard_normal((DIMENSIONS, directions)))[0].T.astype(np.float32)
        people = count // OF_EACH

        def shots(centres: Any) -> Any:
            noise = _unit(random.standard_normal(centres.shape).astype(np.float32))
            return _unit(centres + random.uniform(*SPREAD, (len(centres), 1)).astype(np.float32) * noise) @ frame

        centres = _unit(random.standard_normal((people, directions)).astype(np.float32))
        self.faces = shots(np.repeat(centres, OF_EACH, axis=0))
        self.asked_of = random.integers(0, people, asked)
        self.asked = shots(centres[self.asked_of])
        self.owners = [uuid7() for _ in range(people)]
        self.face_ids = [uuid7() for _ in range(len(self.faces))]

    def truth(self, count: int) -> list[list[UUID]]:
        """Give the faces that are nearest to each picture, by comparing all in single precision."""
        nearest = np.argsort(-(self.asked @ self.faces.T), axis=1)[:, :count]
        return [[self.face_ids[number] for number in row] for row in nearest]

    def matches(self) -> list[set[UUID]]:
        """Give the faces that reach the threshold, of each picture."""
        reached = self.asked @ self.faces.T >= THRESHOLD
        return [{self.face_ids[number] for number in np.flatnonzero(row)} for row in reached]

    def describe(self) -> str:
        """Say how alike people are."""
        some = self.faces[: 2000 * OF_EACH : OF_EACH]
        others = some[: len(some) // 2] @ some[len(some) // 2 :].T
        same = (self.faces[::OF_EACH] * self.faces[1::OF_EACH]).sum(axis=1)
        p99 = np.quantile(others, 0.99)
        return f"same person: mean {same.mean():.2f}, least {same.min():.2f}; different: p99 {p99:.2f}"


def _unit(rows: Any) -> Any:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def fill(url: str, crowd: Crowd) -> dict[str, float]:
    """Enrol a crowd at once, and make the index after it."""
    columns = "tenant, collection, person_id, face_id, model_sha256, model_name, model_version, dimensions, embedding"
    copy = f"COPY faces ({columns}, threshold, face, width_px, height_px) FROM STDIN"
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_get_indexdef('faces_near_512'::regclass)").fetchone()
        assert row is not None
        connection.execute("DROP INDEX faces_near_512")
        with connection.cursor().copy(copy) as rows:
            for number, vector in enumerate(crowd.faces):
                text = "[" + ",".join(f"{one:.6f}" for one in vector) + "]"
                ids = (crowd.owners[number // OF_EACH], crowd.face_ids[number])
                rows.write_row((TENANT, "", *ids, MODEL, "m", "1", DIMENSIONS, text, THRESHOLD, b"", 1, 1))
        connection.execute("SET maintenance_work_mem = '1GB'")
        began = time.monotonic()
        connection.execute(str(row[0]).replace(" ONLY ", " "))
        seconds = time.monotonic() - began
        connection.execute("VACUUM ANALYZE faces")
        size = connection.execute(
            "SELECT sum(pg_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'faces_near_512'::regclass"
        ).fetchone()
    assert size is not None
    return {"build_seconds": round(seconds, 1), "index_mb": round(float(size[0]) / 1e6, 1)}


class Clock:
    """Wall time of each search, and the processor time of the server for all of them."""

    def __init__(self, server: psutil.Process) -> None:
        self._server = server
        self.laps: list[float] = []
        self.cpu_seconds = 0.0

    async def run(self, works: list[Callable[[], Awaitable[Any]]]) -> list[Any]:
        """Do one after the other."""
        before, found = self._used(), []
        for work in works:
            began = time.perf_counter()
            found.append(await work())
            self.laps.append(time.perf_counter() - began)
        self.cpu_seconds = self._used() - before
        return found

    def figures(self) -> dict[str, float]:
        """Give milliseconds."""
        ordered = sorted(self.laps)
        return {
            "p50_ms": round(statistics.median(ordered) * 1000, 2),
            "p99_ms": round(ordered[len(ordered) * 99 // 100] * 1000, 2),
            "cpu_ms": round(self.cpu_seconds / len(ordered) * 1000, 2),
        }

    def _used(self) -> float:
        times = [one.cpu_times() for one in (self._server, *self._server.children(recursive=True))]
        return sum(one.user + one.system for one in times)


async def searches(database: Database, crowd: Crowd, server: psutil.Process) -> list[dict[str, Any]]:
    """Search in the index with several efforts, and one by one."""
    faces, rows = Faces(database), []
    truth, matches = crowd.truth(10), crowd.matches()
    for effort in (100, 150, 200, 400, None):
        count = len(crowd.asked) if effort else 20

        def search(vector: list[float], ef_search: int | None = effort) -> Callable[[], Awaitable[list[Near]]]:
            return lambda: faces.near(SPACE, vector, count=10, ef_search=ef_search)

        works = [search(vector.tolist()) for vector in crowd.asked[:count]]
        await Clock(server).run(works[:10])
        clock = Clock(server)
        found = [[one.face_id for one in near] for near in await clock.run(works)]
        reached = [(len(set(f) & m), len(m & set(t))) for f, m, t in zip(found, matches, truth, strict=False)]
        rows.append(
            {
                "search": f"index, ef_search {effort}" if effort else "one by one",
                "recall_5": _recall(found, truth, 5),
                "recall_10": _recall(found, truth, 10),
                "recall_matches": round(sum(a for a, _ in reached) / max(1, sum(b for _, b in reached)), 4),
                **clock.figures(),
            }
        )
    return rows


def _recall(found: list[list[UUID]], truth: list[list[UUID]], count: int) -> float:
    shares = [len(set(f[:count]) & set(t[:count])) / count for f, t in zip(found, truth, strict=False)]
    return round(statistics.mean(shares), 4)


async def whole(database: Database, crowd: Crowd, server: psutil.Process) -> dict[str, Any]:
    """Do what SearchFaces does for one face, with its default settings."""
    matching = Matching(Faces(database), PeopleSettings().ef_search)

    def search(vector: list[float]) -> Callable[[], Awaitable[list[Near]]]:
        return lambda: matching.match(SPACE, Wanted(vector, THRESHOLD, None, PEOPLE_MAX))

    works = [search(vector.tolist()) for vector in crowd.asked]
    await Clock(server).run(works[:10])
    clock = Clock(server)
    found = await clock.run(works)
    firsts = [people[0].person_id if people else None for people in found]
    right = [first == crowd.owners[number] for first, number in zip(firsts, crowd.asked_of, strict=True)]
    return {"first_is_right": round(statistics.mean(right), 4), **clock.figures()}


async def changes(database: Database, crowd: Crowd, server: psutil.Process) -> dict[str, Any]:
    """Enrol some more, one by one, and erase one person."""
    faces, erasures = Faces(database), Erasures(database)
    person_id = uuid7()
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO persons (tenant, person_id, display_name, consent, purpose) VALUES (%s, %s, 'n', 'c', 'p')",
            (TENANT, person_id),
        )

    def add(vector: list[float]) -> Callable[[], Awaitable[Any]]:
        face = NewFace(
            TENANT, person_id, uuid7(), MODEL, "m", "1", vector, THRESHOLD, b"", 1, 1, None, None, b""
        )  # fmt: skip
        return lambda: faces.add(face, count_max=1000)

    adding = Clock(server)
    await adding.run([add(vector.tolist()) for vector in crowd.asked[:50]])
    began = time.perf_counter()
    await erasures.begin(Whom(TENANT, person_id), Cause.REQUEST, sources=None)
    erased = time.perf_counter()
    await erasures.compact()
    return {
        "enrol one": adding.figures(),
        "erase 50": {"ms": round((erased - began) * 1000, 2)},
        "clear the space": {"s": round(time.perf_counter() - erased, 1)},
    }


async def measured(url: str, server: psutil.Process, options: argparse.Namespace) -> dict[str, Any]:
    """Fill a database and measure."""
    schema.upgrade(url)
    crowd = Crowd(options.faces, options.searches, options.directions)
    print(crowd.describe(), flush=True)
    index = await asyncio.to_thread(fill, url, crowd)
    print(index, flush=True)
    database = Database(PostgresSettings(url=SecretStr(url)), Metrics(), "bench")
    await database.open()
    try:
        return {
            "faces": options.faces,
            "index": index,
            "searches": await searches(database, crowd, server),
            "SearchFaces": await whole(database, crowd, server),
            "changes": await changes(database, crowd, server),
        }
    finally:
        await database.close()


async def served(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run PostgreSQL as `make up` does, for as long as is measured."""
    cluster = postgres.Cluster(folder / "cluster", accounts.unprivileged("nobody"))
    password, port = secrets.token_urlsafe(16), Ports().take()
    postgres.initialise(cluster, password)
    server = Process(postgres.program(cluster, port, *options.set), lambda _, _line: None)
    await server.start()
    try:
        await server.serving()
        return await measured(postgres.url(port, password), psutil.Process(server.pid), options)
    finally:
        await server.stop()


def show(found: dict[str, Any]) -> None:
    """Print the tables, and the same as JSON."""
    print(f"{'search':<24}{'recall@5':>10}{'@10':>8}{'matches':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}")
    for row in found["searches"]:
        recalls = f"{row['recall_5']:>10.4f}{row['recall_10']:>8.4f}{row['recall_matches']:>9.4f}"
        print(f"{row['search']:<24}{recalls}{row['p50_ms']:>9.2f}{row['p99_ms']:>9.2f}{row['cpu_ms']:>9.2f}")
    print("SearchFaces", found["SearchFaces"])
    for name, figures in found["changes"].items():
        print(name, figures)
    print(json.dumps(found))


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--searches", type=int, default=300)
    parser.add_argument("--directions", type=int, default=DIRECTIONS, help="how many of 512 are really used")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of PostgreSQL")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sightline-people-") as folder:
        found = asyncio.run(served(Path(folder), options))
    show(found)


if __name__ == "__main__":
    main()
