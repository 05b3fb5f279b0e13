"""Jobs, tasks, results, media and keys."""

from sightline.common.state.migrations import run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    run_script(__file__, "up")


def downgrade() -> None:
    """Drop the tables."""
    run_script(__file__, "down")
