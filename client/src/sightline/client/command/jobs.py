"""`sightline jobs`: look at durable work and steer it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from sightline.client.command.complaints import Complaints
from sightline.client.command.output import AsJson, kind_name, print_facts, print_json, print_table, state_name, when
from sightline.client.command.progress import describe, waiting_for
from sightline.client.command.session import session

if TYPE_CHECKING:
    from sightline.v1.job_pb2 import Job

app = typer.Typer(help="Look at jobs and steer them.", rich_markup_mode=None, no_args_is_help=True)

Name: TypeAlias = Annotated[str, typer.Argument(metavar="JOB", help="jobs/ID, or the ID alone.")]
Names: TypeAlias = Annotated[list[str], typer.Argument(metavar="JOB...", help="jobs/ID, or the IDs alone.")]


@app.command("list")
def list_jobs(
    context: typer.Context,
    filter_: Annotated[str, typer.Option("--filter", metavar="TERMS", help="Which jobs; see the examples.")] = "",
    order_by: Annotated[str, typer.Option(metavar="ORDER", help="create_time for the oldest first.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="Most jobs to list; 0 means all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List jobs, the newest first.

    \b
    Examples:
      sightline jobs list
      sightline jobs list --filter 'state = FAILED AND labels.film = "b"' --limit 0
      sightline jobs list --json | jq -r .name
    """
    with session(context).connect() as sightline:
        jobs = sightline.jobs.list(
            filter=filter_, order_by=order_by, page_size=min(limit, 1000), timeout=session(context).timeout
        )
        listed = islice(jobs, limit or None)
        if as_json:
            for job in listed:
                print_json(job)
        else:
            print_table(["JOB", "STATE", " DONE", "KIND", "CREATED"], [_row(job) for job in listed])


@app.command()
def show(context: typer.Context, job: Name, as_json: AsJson = False) -> None:
    """Show a job as it is now."""
    with session(context).connect() as sightline:
        _show(sightline.jobs.get(job, timeout=session(context).timeout), as_json)


@app.command()
def watch(context: typer.Context, job: Name, as_json: AsJson = False) -> None:
    """Follow a job until it has ended; Ctrl-C ends the watch, not the job.

    \b
    Examples:
      sightline jobs watch 0197b1c2-8c1e-7b6d-9f3a-4f4f5a2b1c0d
      sightline --timeout 60 jobs watch JOB --json | jq .job.progress

    Exits with 8 if the job has failed or was cancelled.
    """
    from sightline.client.status import of_job  # noqa: PLC0415 - gRPC takes longer to load than --help may

    with session(context).connect() as sightline, waiting_for(job, job) as show_progress:
        ended = None
        for event in sightline.jobs.watch(job, timeout=session(context).timeout):
            ended = event.job
            show_progress(ended)
            print_json(event) if as_json else typer.echo(describe(ended))
        if ended is not None and ended.state != ended.STATE_SUCCEEDED:
            raise of_job(ended)


@app.command()
def cancel(context: typer.Context, jobs: Names, as_json: AsJson = False) -> None:
    """Cancel jobs that have not ended."""
    complaints = Complaints()
    with session(context).connect() as sightline:
        for job in jobs:
            with complaints.about(job):
                _tell(sightline.jobs.cancel(job, timeout=session(context).timeout), as_json)
    complaints.end()


@app.command()
def retry(context: typer.Context, jobs: Names, as_json: AsJson = False) -> None:
    """Run failed or cancelled jobs again under the same names."""
    complaints = Complaints()
    with session(context).connect() as sightline:
        for job in jobs:
            with complaints.about(job):
                _tell(sightline.jobs.retry(job, timeout=session(context).timeout), as_json)
    complaints.end()


@app.command()
def delete(context: typer.Context, jobs: Names) -> None:
    """Delete jobs that have ended, with their results."""
    complaints = Complaints()
    with session(context).connect() as sightline:
        for job in jobs:
            with complaints.about(job):
                sightline.jobs.delete(job, timeout=session(context).timeout)
    complaints.end()


@app.command()
def results(context: typer.Context, job: Name) -> None:
    """Print the results of a job, one JSON object per line."""
    with session(context).connect() as sightline:
        for result in sightline.jobs.results(job, timeout=session(context).timeout):
            print_json(result)


def _tell(job: Job, as_json: bool) -> None:
    print_json(job) if as_json else typer.echo(describe(job))


def _row(job: Job) -> list[str]:
    return [job.name, state_name(job), f"{job.progress:.0%}", kind_name(job), when(job.create_time)]


def _show(job: Job, as_json: bool) -> None:
    if as_json:
        print_json(job)
        return
    print_facts(
        {
            "name": job.name,
            "state": state_name(job),
            "done": f"{job.progress:.0%}",
            "kind": kind_name(job),
            "media": job.spec.media,
            "priority": str(job.priority or ""),
            "labels": ", ".join(f"{key}={value}" for key, value in sorted(job.labels.items())),
            "attempts": str(job.attempt_count),
            "results": str(job.result_count),
            "error": job.error.message,
            "same work as": job.deduplicated_from,
            "created": when(job.create_time),
            "started": when(job.start_time),
            "ended": when(job.end_time),
            "expires": when(job.expire_time),
        }
    )
