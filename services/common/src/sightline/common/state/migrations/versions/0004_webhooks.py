"""Webhooks, and the deliveries that the end of a job writes for them."""

from sightline.common.state.migrations import run_script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the triggers."""
    run_script(__file__, "up")


def downgrade() -> None:
    """Drop them."""
    run_script(__file__, "down")
