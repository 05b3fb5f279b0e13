"""Query plans of the hot statements: with many finished rows none of them reads a table from one end to the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from sightline.common.state.filters import parse
from sightline.common.state.identifiers import uuid7
from sightline.common.state.jobs import Submission, _columns
from sightline.common.state.pages import Page, _Query
from sightline.common.state.statements import statement

FINISHED, WAITING = 40_000, 4_000
GROUP = 32
INDEXED = {"Index Scan", "Index Only Scan"}
# What runs or waits anywhere: only who counts it reads all of it.
GROWING = frozenset({"tasks_running", "tasks_in_turn", "tasks_pkey", "jobs_pkey"})
COUNTING = {"upkeep.depths", "usage.tasks_by_tenant"}
TABLES = {"jobs", "tasks", "task_attempts", "results", "idempotency", "usage_hourly"}


@pytest.fixture(scope="module")
def filled(module_postgres_url: str, pytestconfig: pytest.Config) -> Iterator[psycopg.Connection[Any]]:
    fill = (pytestconfig.rootpath / "bench" / "tables" / "fill.sql").read_text()
    with psycopg.connect(module_postgres_url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(fill, {"finished": FINISHED, "waiting": WAITING})
        yield connection


@pytest.fixture(scope="module")
def given(filled: psycopg.Connection[Any]) -> dict[str, Any]:
    """A value for every parameter of the hot statements: groups as large as a busy worker's."""
    waiting = filled.execute(
        "SELECT tenant, task_id, job_id FROM tasks WHERE state = 1 ORDER BY create_time LIMIT %s", (GROUP,)
    ).fetchall()
    tenants, task_ids, job_ids = (list(column) for column in zip(*waiting, strict=True))
    return {
        "tenant": "bench", "tenants": tenants, "task_ids": task_ids, "job_ids": job_ids, "request_ids": task_ids,
        "job_id": job_ids[0], "task_id": task_ids[0], "claim_ids": task_ids, "progress": [0.5] * GROUP, "etag": "",
        "retryable": [True] * GROUP, "delay_seconds": [1.0] * GROUP, "errors": [b""] * GROUP, "error": b"",
        "results": [1] * GROUP, "payload_task_ids": task_ids, "payloads": [b"x"] * GROUP, "worker": "w",
        "lease_seconds": 30.0, "queue": "face", "queues": ["face", "object"], "count": GROUP,
        "older_seconds": 2.0, "after": -1, "before": UUID(int=2**127), "step_seconds": 60.0,
        "keep_seconds": 60.0, "lost": False, "served": tenants,
    }  # fmt: skip


HOT = [
    "jobs.by_id", "jobs.by_request", "jobs.standings", "jobs.cancel", "jobs.stop_rest", "jobs.rerun", "jobs.delete",
    "jobs.results", "jobs.attempts", "jobs.hurry", "tasks.claim", "tasks.waiting", "tasks.lost", "tasks.renew",
    "tasks.complete", "tasks.fail", "tasks.release", "upkeep.end_leases", "upkeep.end_overdue", "upkeep.publishable",
    "upkeep.published", "upkeep.age", "upkeep.depths", "upkeep.purge_jobs", "upkeep.purge_requests",
    "upkeep.queues_with_work", "usage.tasks_by_tenant",
]  # fmt: skip


@pytest.mark.parametrize("name", HOT)
def test_a_hot_statement_finds_its_rows_by_an_index(
    filled: psycopg.Connection[Any], given: dict[str, Any], name: str
) -> None:
    growing = frozenset() if name in COUNTING else GROWING
    assert not _scanned(filled, statement(name), given, growing)


@pytest.mark.parametrize("name", ["jobs.submit", "jobs.join"])
def test_submissions_find_the_same_work_by_an_index(
    filled: psycopg.Connection[Any], given: dict[str, Any], name: str
) -> None:
    asked = [
        Submission(
            "bench", uuid7(), uuid7(), "detect_faces", b"", one, "face", 5, request_id=one, work_sha256=one.bytes
        )
        for one in given["task_ids"]
    ]
    assert not _scanned(filled, statement(name), _columns(asked))


def test_the_hours_of_a_day_are_found_among_those_of_years(filled: psycopg.Connection[Any]) -> None:
    filled.execute(
        "INSERT INTO usage_hourly (tenant, hour_time, kind, count)"
        " SELECT 't' || tenant, date_trunc('hour', now()) - hour * interval '1 hour', 'detect_faces', 1"
        " FROM generate_series(1, 100) AS tenant, generate_series(1, 500) AS hour"
    )
    filled.execute("ANALYZE usage_hourly")
    given = {"start_time": datetime.now(UTC) - timedelta(hours=24), "kinds": ["detect_faces"]}
    assert not _scanned(filled, statement("usage.used_by_tenant"), given)


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("way", ["exact", "bounded", "edge", "labelled"])
@pytest.mark.parametrize(
    "text", ["", "state = CANCELLED", "state = FAILED", 'labels.film = "f7"', 'create_time > "2020-01-01T00:00:00Z"']
)
def test_a_page_of_jobs_is_read_from_an_index(
    filled: psycopg.Connection[Any], text: str, way: str, newest_first: bool, deep: bool
) -> None:
    condition = parse(text)
    if way == "labelled" and not condition.labelled:
        way = "exact"
    (middle,) = filled.execute("SELECT job_id FROM jobs ORDER BY job_id OFFSET %s LIMIT 1", (FINISHED // 2,)).fetchone()
    query = _Query("bench", Page(condition, newest_first, middle if deep else None))
    if way == "bounded":
        query.look_to(next((row[0] for row in filled.execute(query.edge(), query.parameters)), None))
    assert not _scanned(filled, getattr(query, way)(), query.parameters)


def _scanned(
    connection: psycopg.Connection[Any], sql: str, given: dict[str, Any], growing: frozenset[str] = GROWING
) -> list[str]:
    """Name the tables that the plan of a statement reads from one end to the other; nothing is run."""
    (plan,) = connection.execute(f"EXPLAIN (FORMAT JSON) {sql}", given).fetchone() or ([],)
    found = plan if isinstance(plan, list) else json.loads(plan)
    return [node["Relation Name"] for node in _nodes(found[0]["Plan"]) if _reads_all(node, growing)]


def _reads_all(node: dict[str, Any], growing: frozenset[str]) -> bool:
    """Say whether a node reads a table, or every entry of an index that others fill, from one end to the other."""
    kind = node["Node Type"]
    whole = kind == "Seq Scan" or (kind in INDEXED and "Index Cond" not in node and node["Index Name"] in growing)
    return whole and node["Relation Name"] in TABLES


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)
