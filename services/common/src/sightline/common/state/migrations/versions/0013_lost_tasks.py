"""Tasks whose last worker went silent are known as such, so that they can be tried one at a time."""

from sightline.common.state.migrations import run_script

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the index."""
    run_script(__file__, "up")


def downgrade() -> None:
    """Take them out."""
    run_script(__file__, "down")
