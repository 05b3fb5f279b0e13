"""`sightline schedules`: jobs that are created by the clock."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from sightline.client.command.complaints import Complaints
from sightline.client.command.output import AsJson, print_facts, print_json, print_table, when
from sightline.client.command.session import session

if TYPE_CHECKING:
    from sightline.v1.job_pb2 import JobSpec
    from sightline.v1.schedule_pb2 import Schedule

app = typer.Typer(help="Create jobs by the clock.", rich_markup_mode=None, no_args_is_help=True)

Names: TypeAlias = Annotated[list[str], typer.Argument(metavar="SCHEDULE...", help="schedules/ID, or the IDs alone.")]


@app.command()
def create(
    context: typer.Context,
    cron: Annotated[str, typer.Argument(metavar="CRON", help="Minute, hour, day of month, month, day of week.")],
    spec: Annotated[str, typer.Argument(metavar="JOB", help="What to do, as the JSON of a JobSpec.")],
    *,
    zone: Annotated[str, typer.Option(metavar="ZONE", help="The clock's zone, such as Europe/Vienna.")] = "",
    priority: Annotated[int, typer.Option(min=0, max=10, help="Of the jobs; 0 means 5.")] = 0,
    name: Annotated[str, typer.Option(metavar="NAME", help="What to call it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Create a job whenever the clock says so.

    \b
    Example:
      sightline schedules create '30 3 * * 1-5' '{"media": "media/ID", "detectFaces": {}}' --zone Europe/Vienna
    """
    wanted = _spec(spec)
    with session(context).connect() as sightline:
        made = sightline.schedules.create(
            cron, wanted, time_zone=zone, priority=priority, name=name, timeout=session(context).timeout
        )
        print_json(made) if as_json else print_facts({"name": made.name, "next": when(made.next_run_time)})


@app.command("list")
def list_schedules(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=0, help="Most to list; 0 means all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List schedules, the newest first."""
    with session(context).connect() as sightline:
        found = sightline.schedules.list(page_size=min(limit, 1000), timeout=session(context).timeout)
        listed = islice(found, limit or None)
        if as_json:
            for schedule in listed:
                print_json(schedule)
        else:
            print_table(["SCHEDULE", "CRON", "ZONE", "NEXT", "NAME", "LAST ERROR"], [_row(one) for one in listed])


@app.command()
def pause(context: typer.Context, schedules: Names) -> None:
    """Create nothing until they are resumed."""
    _each(context, schedules, "pause")


@app.command()
def resume(context: typer.Context, schedules: Names) -> None:
    """Create jobs again, from the next time on."""
    _each(context, schedules, "resume")


@app.command()
def delete(context: typer.Context, schedules: Names) -> None:
    """Delete schedules; the jobs that they created stay."""
    _each(context, schedules, "delete")


def _each(context: typer.Context, schedules: list[str], verb: str) -> None:
    complaints = Complaints()
    with session(context).connect() as sightline:
        for schedule in schedules:
            with complaints.about(schedule):
                getattr(sightline.schedules, verb)(schedule, timeout=session(context).timeout)
    complaints.end()


def _spec(text: str) -> JobSpec:
    from google.protobuf.json_format import Parse, ParseError  # noqa: PLC0415 - takes longer to load than --help may

    from sightline.v1.job_pb2 import JobSpec  # noqa: PLC0415 - the same

    try:
        return Parse(text, JobSpec())
    except ParseError as error:
        raise typer.BadParameter(f"no JobSpec: {error}", param_hint="JOB") from None


def _row(schedule: Schedule) -> list[str]:
    following = "paused" if schedule.paused else when(schedule.next_run_time)
    zone = schedule.time_zone or "UTC"
    return [schedule.name, schedule.cron, zone, following, schedule.display_name, schedule.last_error.message]
