"""Commands of other packages, found by the entry points of group `sightline.commands`."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer

from sightline.client.command.complaints import complain

GROUP = "sightline.commands"


def plugin_names() -> list[str]:
    """Give the names of the commands that are plugged in."""
    return sorted(point.name for point in entry_points(group=GROUP))


def plugin(name: str) -> Any:
    """Load a plugged-in command as Typer runs it; None if there is none, or if it can't be loaded.

    A package that is broken must not take the other commands with it.
    """
    points: list[EntryPoint] = list(entry_points(group=GROUP, name=name))
    if not points:
        return None
    try:
        return typer.main.get_command(points[0].load())
    except Exception as error:
        complain(error, f"the command '{name}' can't be loaded")
        return None
