"""Reads the named SQL that lies beside the modules."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import aiosql

_FOLDER = Path(__file__).parent / "sql"


@cache
def statement(name: str) -> str:
    """Give the text of one statement.

    Args:
        name: the file and what stands behind `-- name:` in it, such as `tasks.claim`.

    Raises:
        AttributeError: when there is no such statement.
    """
    aggregate, _, inner = name.partition(".")
    return str(getattr(_load(aggregate), inner).sql)


@cache
def _load(aggregate: str) -> Any:
    # Only the parser of aiosql is used: it has no adapter for psycopg's asynchronous connections.
    return aiosql.from_path(_FOLDER / f"{aggregate}.sql", "psycopg", mandatory_parameters=False)
