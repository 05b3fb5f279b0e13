"""The command line: `python -m sightline.standalone up | down | demo`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from sightline.common.settings import load, variables
from sightline.standalone import detached, foreground
from sightline.standalone.folder import Folder
from sightline.standalone.program import StandaloneError
from sightline.standalone.settings import Settings

app = typer.Typer(
    help="The whole of Sightline on one machine.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", help="run in the background until `down`")] = False,
) -> None:
    """Run everything until Ctrl-C."""
    settings = load(Settings, arguments=())
    if not detach:
        asyncio.run(foreground.stay(settings))
        return
    folder = Folder(settings.folder)
    detached.start(folder)
    typer.echo(detached.shown(folder, coloured=sys.stdout.isatty()), nl=False)


@app.command()
def down() -> None:
    """End a system that runs in the background."""
    typer.echo(detached.stop(Folder(load(Settings, arguments=()).folder)))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="folder for pictures, documents and sounds")] = Path("out"),
) -> None:
    """Run everything, find the faces in real pictures and all that a lecture says and shows, and stop."""
    # Imported here: nobody who only wants `up` should wait for scikit-image.
    from sightline.standalone.demo import run  # noqa: PLC0415

    run(load(Settings, arguments=()), out)


@app.command()
def settings() -> None:
    """List the environment variables that change something."""
    for name, default, description in variables(Settings, "STANDALONE_"):
        typer.echo(f"{name}\n    {description} (default: {default})")


def main() -> None:
    """Run a command; what a person can mend is said in one sentence, with status 1."""
    try:
        app()
    except (StandaloneError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
