"""Where a drawing goes, and whether one can be made at all."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import typer


def check_drawing(draw: Path | None) -> None:
    """Refuse a wish for drawings where there is nothing to draw with.

    Raises:
        typer.BadParameter: Pillow is not there.
    """
    if draw and find_spec("PIL") is None:
        raise typer.BadParameter("--draw needs Pillow: pip install 'sightline-client[draw]'")


def target(draw: Path, photo: str, count: int) -> Path:
    """Say where the drawing of a photo goes: a folder gets a file of the same name.

    Raises:
        ValueError: the photo itself would be written over.
    """
    if count == 1 and draw.suffix and not draw.is_dir():
        place = draw
    else:
        draw.mkdir(parents=True, exist_ok=True)
        place = draw / Path(photo).name
    if place.resolve() == Path(photo).resolve():
        raise ValueError(f"--draw would write over {photo}")
    return place
