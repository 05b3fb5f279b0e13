"""What counts the usage finds its rows by their keys, whatever its plan was made for."""

from sightline.common.state.migrations import run_script

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the functions, and drop a trigger that nothing fires."""
    run_script(__file__, "up")


def downgrade() -> None:
    """Bring them back as they were."""
    run_script(__file__, "down")
