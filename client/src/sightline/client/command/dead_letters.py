"""`sightline dead-letters`: jobs that were given up."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.client.command.complaints import Complaints
from sightline.client.command.jobs import Names
from sightline.client.command.output import AsJson, print_json, print_table, when
from sightline.client.command.progress import describe
from sightline.client.command.session import session

if TYPE_CHECKING:
    from sightline.v1.job_pb2 import DeadLetter

app = typer.Typer(help="Look at jobs that were given up, and replay them.", rich_markup_mode=None, no_args_is_help=True)


@app.command("list")
def list_dead_letters(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=0, help="Most to list; 0 means all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List jobs that were given up after their last attempt, the latest first."""
    with session(context).connect() as sightline:
        letters = sightline.dead_letters.list(page_size=min(limit, 1000), timeout=session(context).timeout)
        listed = islice(letters, limit or None)
        if as_json:
            for letter in listed:
                print_json(letter)
        else:
            print_table(["JOB", "KIND", " ATTEMPTS", "GIVEN UP", "WHY"], [_row(letter) for letter in listed])


@app.command()
def replay(context: typer.Context, jobs: Names, as_json: AsJson = False) -> None:
    """Run jobs that were given up again, with a fresh count of attempts.

    \b
    Example:
      sightline dead-letters list --json | jq -r .job | xargs sightline dead-letters replay
    """
    complaints = Complaints()
    with session(context).connect() as sightline:
        for job in jobs:
            with complaints.about(job):
                replayed = sightline.dead_letters.replay(job, timeout=session(context).timeout)
                print_json(replayed) if as_json else typer.echo(describe(replayed))
    complaints.end()


def _row(letter: DeadLetter) -> list[str]:
    return [letter.job, letter.kind, str(letter.attempt_count), when(letter.end_time), letter.error.message]
