"""Work that several submissions share, what it is made with, and claims that nothing can repeat."""

from sightline.common.state.migrations import run_script

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, the index and the table."""
    run_script(__file__, "up")


def downgrade() -> None:
    """Drop them again; every submission runs on its own."""
    run_script(__file__, "down")
