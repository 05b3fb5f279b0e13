"""What needs pgvector, and how its absence is told: the rest of the system does without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from sightline.common.errors import Reason, SightlineError

_ABSENT = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedObject)


@contextmanager
def vectors_needed() -> Iterator[None]:
    """Run statements about faces.

    Raises:
        SightlineError: KIND_NOT_SERVED, the database has no table of faces since it has no pgvector.
    """
    try:
        yield
    except _ABSENT as error:
        message = (
            "people need PostgreSQL with pgvector 0.8 or later: once it is installed, "
            "'python -m sightline.common.state upgrade' makes their tables"
        )
        raise SightlineError(Reason.KIND_NOT_SERVED, message, metadata={"service": "people"}) from error
