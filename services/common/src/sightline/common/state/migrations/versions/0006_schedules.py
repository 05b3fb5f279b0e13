"""Schedules, by which jobs are created again and again."""

from sightline.common.state.migrations import run_script

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    run_script(__file__, "up")


def downgrade() -> None:
    """Drop the table."""
    run_script(__file__, "down")
