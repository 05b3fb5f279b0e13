"""`sightline dead-letters`: jobs that were given up."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from sightline.client.command.complaints import Complaints, note
from sightline.client.command.exits import Exit
from sightline.client.command.jobs import Names
from sightline.client.command.output import AsJson, print_json, print_table, when
from sightline.client.command.progress import describe
from sightline.client.command.session import session

if TYPE_CHECKING:
    from sightline.v1.job_pb2 import DeadLetter

Filter: TypeAlias = Annotated[str, typer.Option("--filter", metavar="TERMS", help="Which; as for `jobs list`.")]

app = typer.Typer(help="Look at jobs that were given up, and replay them.", rich_markup_mode=None, no_args_is_help=True)


@app.command("list")
def list_dead_letters(
    context: typer.Context,
    filter_: Filter = "",
    limit: Annotated[int, typer.Option(min=0, help="Most to list; 0 means all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List jobs that failed, at once or after their last attempt, the latest first."""
    with session(context).connect() as sightline:
        letters = sightline.dead_letters.list(
            filter=filter_, page_size=min(limit, 1000), timeout=session(context).timeout
        )
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


@app.command("replay-all")
def replay_all(context: typer.Context, filter_: Filter = "", as_json: AsJson = False) -> None:
    """Run all that were given up and pass a filter again.

    \b
    Example:
      sightline dead-letters replay-all --filter 'kind = detect_faces AND end_time > "2026-01-31T12:00:00Z"'
    """
    replayed = refused = 0
    with session(context).connect() as sightline:
        for page in sightline.dead_letters.replay_all(filter=filter_, page_size=1000, timeout=session(context).timeout):
            replayed, refused = replayed + len(page.jobs), refused + len(page.refusals)
            for refusal in page.refusals:
                note(f"{refusal.job}: {refusal.error.message}")
            if as_json:
                print_json(page)
    if not as_json:
        typer.echo(f"{replayed} jobs run again, {refused} were left as they are")
    if refused:
        raise typer.Exit(Exit.REFUSED)


def _row(letter: DeadLetter) -> list[str]:
    return [letter.job, letter.kind, str(letter.attempt_count), when(letter.end_time), letter.error.message]
