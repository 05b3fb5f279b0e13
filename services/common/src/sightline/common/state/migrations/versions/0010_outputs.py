"""Files that jobs make: media that belong to a job."""

from sightline.common.state.migrations import run_script

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the trigger."""
    run_script(__file__, "up")


def downgrade() -> None:
    """Drop them again; the files of jobs become media like any other."""
    run_script(__file__, "down")
