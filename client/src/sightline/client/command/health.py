"""`sightline health`: say whether the server answers."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer

from sightline.client.command.exits import Exit
from sightline.client.command.output import AsJson
from sightline.client.command.session import session


def health(
    context: typer.Context,
    part: Annotated[
        str, typer.Argument(metavar="[PART]", help="A service, such as sightline.v1.FaceService; the whole server.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say whether the server takes calls.

    \b
    Examples:
      sightline health
      until sightline health; do sleep 1; done

    Exits with 7 if it does not.
    """
    options = session(context)
    # The question is how the server is now: another attempt would only answer another one.
    with options.connect(attempts=1) as sightline:
        began = time.perf_counter()
        serving = sightline.health(part, timeout=options.timeout)
        seconds = time.perf_counter() - began
    if as_json:
        typer.echo(json.dumps({"server": options.server, "part": part, "serving": serving, "seconds": seconds}))
    else:
        typer.echo(
            f"{part or options.server} {'takes calls' if serving else 'takes no calls'} ({seconds * 1000:.1f} ms)"
        )
    if not serving:
        raise typer.Exit(Exit.UNAVAILABLE)
