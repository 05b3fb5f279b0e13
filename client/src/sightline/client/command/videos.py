"""Which files are videos, by their names, and which options mean something for them."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence

import typer


def is_video(path: str) -> bool:
    """Say whether a file is a video, by its name."""
    return (mimetypes.guess_type(path)[0] or "").startswith("video/")


def check_options(files: Sequence[str], *, of_videos: Mapping[str, object], of_pictures: Mapping[str, object]) -> None:
    """Refuse what was asked for and means nothing for any of the files, in the place of leaving it out in silence.

    Args:
        files: what the command is given.
        of_videos: the options that only videos have, by their names; None for one that was not given.
        of_pictures: those that only pictures have.

    Raises:
        typer.BadParameter: an option is for videos and there is none, or for pictures.
    """
    for kind, options, there in (
        ("videos", of_videos, any(map(is_video, files))),
        ("pictures", of_pictures, not all(map(is_video, files))),
    ):
        given = [name for name, value in options.items() if value is not None]
        if given and not there:
            raise typer.BadParameter(f"{given[0]} is for {kind}, and none of these files is one")
