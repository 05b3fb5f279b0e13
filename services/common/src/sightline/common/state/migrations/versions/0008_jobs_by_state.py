"""One index for the jobs of every state."""

from sightline.common.state.migrations import run_script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    run_script(__file__, "up")


def downgrade() -> None:
    """Put the partial ones back."""
    run_script(__file__, "down")
