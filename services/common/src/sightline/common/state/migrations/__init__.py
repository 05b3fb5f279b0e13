"""Changes of the schema, forward and back: one small Python file and two SQL scripts each."""

from __future__ import annotations

from pathlib import Path

from alembic import op


def run_script(revision_file: str, direction: str) -> None:
    """Run the SQL script that lies beside a revision.

    Args:
        revision_file: the revision's `__file__`.
        direction: `up` or `down`.
    """
    script = Path(revision_file).with_suffix(f".{direction}.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(script)
