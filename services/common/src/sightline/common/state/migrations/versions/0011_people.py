"""People and their faces; the vectors need pgvector, and everything else works without it."""

from sightline.common.state.migrations import run_script

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    run_script(__file__, "up")


def downgrade() -> None:
    """Drop them; the extension stays, since others may use it."""
    run_script(__file__, "down")
