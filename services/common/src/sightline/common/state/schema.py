"""Brings a database to a revision of the schema, forward and back."""

from __future__ import annotations

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent / "migrations"
# Any constant will do, as long as no other lock of the product has it.
_FACES_LOCK = 7_340_034


def upgrade(url: str, revision: str = "head") -> None:
    """Apply the migrations up to a revision; safe to run from several processes at once.

    What needs pgvector is made too if it is there, also where it was not when its migration ran.

    Args:
        url: libpq URL of the database.
        revision: the newest by default.
    """
    command.upgrade(_config(url), revision)
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT to_regproc('enable_faces') IS NOT NULL").fetchone()
        if found and found[0]:
            connection.execute("SET LOCAL statement_timeout = 0")
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_FACES_LOCK,))
            connection.execute("SELECT enable_faces()")


def downgrade(url: str, revision: str) -> None:
    """Take the migrations back to a revision; `base` is the empty database."""
    command.downgrade(_config(url), revision)


def revisions() -> list[str]:
    """List the revisions, the oldest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config("")).walk_revisions()][::-1]


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url.replace("postgresql://", "postgresql+psycopg://", 1)
    return config
