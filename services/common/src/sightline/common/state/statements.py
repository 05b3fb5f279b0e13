"""Reads the named SQL that lies beside the modules."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import aiosql

_FOLDER = Path(__file__).parent / "sql"
# What runs for each job. PostgreSQL sees how long an array is, and its plan for one element looks so much cheaper than
# its plan for any number that it plans these anew each time: a third to a half of what a lone job costs it.
_PLANNED_ONCE = frozenset({"jobs.submit", "jobs.by_id", "tasks.claim", "tasks.complete", "tasks.renew"})
_ARRAY = re.compile(r"%\((\w+)\)s::(\w+)\[\]")


@cache
def statement(name: str) -> str:
    """Give the text of one statement.

    Args:
        name: the file and what stands behind `-- name:` in it, such as `tasks.claim`.

    Raises:
        AttributeError: when there is no such statement.
    """
    aggregate, _, inner = name.partition(".")
    text = str(getattr(_load(aggregate), inner).sql)
    return _with_hidden_lengths(text) if name in _PLANNED_ONCE else text


def _with_hidden_lengths(text: str) -> str:
    """Put each array into a sub-select, behind which its length is not seen while a plan is made."""
    return _ARRAY.sub(r"CAST((SELECT %(\1)s::\2[]) AS \2[])", text)


@cache
def _load(aggregate: str) -> Any:
    # Only the parser of aiosql is used: it has no adapter for psycopg's asynchronous connections.
    return aiosql.from_path(_FOLDER / f"{aggregate}.sql", "psycopg", mandatory_parameters=False)
