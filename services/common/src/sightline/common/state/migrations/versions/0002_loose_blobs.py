"""Blobs that no row owns, so that no crash leaves bytes behind."""

from sightline.common.state.migrations import run_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    run_script(__file__, "up")


def downgrade() -> None:
    """Drop the table."""
    run_script(__file__, "down")
