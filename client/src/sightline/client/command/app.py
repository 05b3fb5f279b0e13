"""The root of the command: options for every command, commands of other packages, errors and Ctrl-C."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from sightline.client.address import DEFAULT_SERVER
from sightline.client.command import (
    compare,
    dead_letters,
    faces,
    films,
    health,
    jobs,
    media,
    objects,
    people,
    schedules,
    segment,
    sounds,
    webhooks,
)
from sightline.client.command.complaints import complain
from sightline.client.command.exits import MEANINGS, Exit, exit_of
from sightline.client.command.plugins import plugin, plugin_names
from sightline.client.command.session import Session
from sightline.client.environment import KEY_VARIABLE, SERVER_VARIABLE
from sightline.client.errors import SightlineError

_EXITS = "\n".join(f"  {status.value:>3}  {meaning}" for status, meaning in MEANINGS.items())
_HELP = f"""Find out who and what is in pictures and video.

\b
Examples:
  sightline faces photo.jpg
  sightline faces *.jpg --draw out/
  sightline objects street.jpg --draw objects.jpg
  sightline document lecture.mp4 --out lecture/
  sightline faces photo.jpg --json | jq '.faces | length'
  sightline --server https://sightline.example jobs list

\b
Exit status:
{_EXITS}
"""


class Root(TyperGroup):
    """The root group; commands of other packages are looked for only when none of its own has the name."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Give every command, ours first."""
        ours = super().list_commands(ctx)
        return [*ours, *(name for name in plugin_names() if name not in ours)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Give one command."""
        return super().get_command(ctx, cmd_name) or plugin(cmd_name)

    def invoke(self, ctx: Any) -> Any:
        """Run a command, and turn whatever ends it into words and an exit status."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(Exit.INTERRUPTED) from None
        except (SightlineError, OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            complain(error)
            raise typer.Exit(Exit.USAGE if isinstance(error, ValueError) else exit_of(error)) from error


def build() -> typer.Typer:
    """Put the command together."""
    # Without Rich in the help it comes in half the time; a trace with local variables would show the key.
    app = typer.Typer(cls=Root, help=_HELP, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)
    app.callback()(_options)
    app.command("faces")(faces.faces)
    app.command("compare")(compare.compare)
    app.command("objects")(objects.objects)
    app.command("segment")(segment.segment)
    for film_command in (films.slides, films.text, films.transcribe, films.document, films.keyframes):
        app.command(film_command.__name__)(film_command)
    app.command("audio")(sounds.audio)
    app.command("mix")(sounds.mix)
    app.add_typer(jobs.app, name="jobs")
    app.add_typer(media.app, name="media")
    app.add_typer(dead_letters.app, name="dead-letters")
    app.add_typer(schedules.app, name="schedules")
    app.add_typer(webhooks.app, name="webhooks")
    app.add_typer(people.app, name="people")
    app.command("health")(health.health)
    return app


def _options(
    context: typer.Context,
    server: Annotated[
        str, typer.Option(envvar=SERVER_VARIABLE, metavar="ADDRESS", help="host:port, or https://host for TLS.")
    ] = DEFAULT_SERVER,
    key: Annotated[
        str | None, typer.Option(envvar=KEY_VARIABLE, metavar="KEY", help="The key; safer in the environment.")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0.001, help="Longest time of a call or a wait; 30 for calls if not given."),
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificates (PEM) to trust, for https.")
    ] = None,
) -> None:
    context.obj = Session(server, key, timeout, ca_file)
