"""Lists reach PostgreSQL as what they were."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from sightline.common.state.arrays import adapters

KINDS = {
    "uuid": st.uuids(),
    "text": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    "bytea": st.binary(),
    "int8": st.integers(-(2**63), 2**63 - 1),
    "float8": st.floats(allow_nan=False),
    "bool": st.booleans(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_comes_back_as_it_went(kind: str, postgres_url: str) -> None:
    with psycopg.connect(postgres_url, context=adapters()) as connection:
        cursor = connection.cursor(binary=True)

        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(st.lists(st.none() | KINDS[kind]))
        def check(values: list[Any]) -> None:
            row = cursor.execute(f"SELECT %s::{kind}[]", (values,)).fetchone()
            assert row == (values,)

        check()


@pytest.mark.parametrize(
    ("cast", "values"),
    [
        ("smallint[]", [1, None, -7]),
        ("real[]", [0.5, None]),
        ("jsonb[]", ['{"a": 1}', None]),
        ("timestamptz[]", [datetime(2026, 1, 2, tzinfo=UTC), None]),
        ("uuid[]", []),
        ("uuid[]", [None, None]),
        ("int[]", [[1, 2], [3, 4]]),
    ],
)
def test_a_statement_may_want_another_type(cast: str, values: list[Any], postgres_url: str) -> None:
    with psycopg.connect(postgres_url, context=adapters()) as ours, psycopg.connect(postgres_url) as plain:
        rows = [one.execute(f"SELECT %s::{cast}::text", (values,)).fetchone() for one in (ours, plain)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize(("cast", "value"), [("smallint[]", 2**15), ("text[]", "a\0b")])
def test_what_postgresql_cannot_hold_is_refused_as_such(cast: str, value: Any, postgres_url: str) -> None:
    with psycopg.connect(postgres_url, context=adapters()) as connection, pytest.raises(psycopg.DataError):
        connection.execute(f"SELECT %s::{cast}", ([value],))


def test_kinds_may_follow_each_other_in_one_connection(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, context=adapters()) as connection:
        for values in ([uuid4()], ["a"], [1], [b"b"], [], [None], [True], [1.5], [uuid4(), None]):
            row = connection.execute("SELECT cardinality(%s::text[])", (list(map(str, values)),)).fetchone()
            assert row == (len(values),)
