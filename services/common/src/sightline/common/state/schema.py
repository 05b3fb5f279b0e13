"""Brings a database to a revision of the schema, forward and back."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(url: str, revision: str = "head") -> None:
    """Apply the migrations up to a revision; safe to run from several processes at once.

    Args:
        url: libpq URL of the database.
        revision: the newest by default.
    """
    command.upgrade(_config(url), revision)


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
