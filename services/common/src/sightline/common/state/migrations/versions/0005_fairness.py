"""Fair turns over tenants, and priorities that grow with waiting."""

from sightline.common.state.migrations import run_script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the index and add the column."""
    run_script(__file__, "up")


def downgrade() -> None:
    """Change them back."""
    run_script(__file__, "down")
