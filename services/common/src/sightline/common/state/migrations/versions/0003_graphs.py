"""Graphs of tasks, checkpoints, deadlines and times before which a job does not run."""

from sightline.common.state.migrations import run_script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    run_script(__file__, "up")


def downgrade() -> None:
    """Drop them."""
    run_script(__file__, "down")
