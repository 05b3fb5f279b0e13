"""The `sightline` command."""

from __future__ import annotations

from sightline.client.command.app import build


def main() -> None:
    """Run the command; the entry point of the console script."""
    build()(prog_name="sightline")
