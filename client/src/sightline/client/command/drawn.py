"""Where a drawing goes, and whether one can be made at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import typer


def check_drawing(draw: Path | None, photos: Sequence[str]) -> None:
    """Refuse a wish for drawings where there is nothing to draw with, or one would take the place of another.

    Raises:
        typer.BadParameter: Pillow is not there, or two photos of one name would go into one folder.
    """
    if draw and find_spec("PIL") is None:
        raise typer.BadParameter("--draw needs Pillow: pip install 'sightline-client[draw]'")
    if draw:
        check_apart(photos, {photo: Path(photo).name for photo in photos})


def check_apart(sources: Sequence[str], names: Mapping[str, str]) -> None:
    """Refuse files whose results would go into the same place, before there is any work with them.

    Args:
        sources: the files.
        names: what the result of each is called.

    Raises:
        typer.BadParameter: two of them have one name.
    """
    taken: dict[str, str] = {}
    for source in sources:
        other = taken.setdefault(names[source], source)
        if other != source:
            raise typer.BadParameter(f"{other} and {source} would both be written to {names[source]}: do one at a time")


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
