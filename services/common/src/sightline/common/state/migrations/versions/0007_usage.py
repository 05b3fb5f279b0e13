"""Limits of keys and tenants, and what was used by the hour."""

from sightline.common.state.migrations import run_script

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the triggers."""
    run_script(__file__, "up")


def downgrade() -> None:
    """Drop them."""
    run_script(__file__, "down")
