"""Results on the standard output: tables for people, one JSON object per line for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from google.protobuf.timestamp_pb2 import Timestamp

    from sightline.v1.job_pb2 import Job

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object per line, named as in REST.")]
# Wide enough for every table where no terminal says how wide it is, so that nothing is cut off in a pipe.
_PIPE_COLUMNS = 10_000


def print_json(message: Message, **beside: str) -> None:
    """Print a message as one line of JSON; every field is there, also those that are zero."""
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415 - not needed for --help

    fields = MessageToDict(message, always_print_fields_with_no_presence=True)
    typer.echo(json.dumps(beside | fields, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """Print a table; columns whose name begins with a space are numbers, aligned on the right.

    Where a terminal is too narrow, the right edge is cut off and nothing else: names are there to be copied.
    """
    from rich.console import Console  # noqa: PLC0415 - Rich takes longer to load than --help may
    from rich.measure import Measurement  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(title=title or None, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column.strip(), justify="right" if column.startswith(" ") else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console = Console(width=None if sys.stdout.isatty() else _PIPE_COLUMNS, highlight=False, markup=False)
    table.width = Measurement.get(console, console.options.update_width(_PIPE_COLUMNS), table).maximum
    console.print(table)


def print_facts(facts: dict[str, str]) -> None:
    """Print names and values below each other, those without a value left out."""
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        if value:
            typer.echo(f"{name:<{width}}  {value}")


def when(timestamp: Timestamp) -> str:
    """Give a time as the reader's clock shows it; empty if it is not set."""
    return f"{timestamp.ToDatetime().astimezone():%Y-%m-%d %H:%M:%S}" if timestamp.seconds else ""


def state_name(job: Job) -> str:
    """Give the state of a job as one word."""
    return job.State.Name(job.state).removeprefix("STATE_")


def kind_name(job: Job) -> str:
    """Give the kind of analysis of a job, as its spec names it."""
    return job.spec.WhichOneof("analysis") or ""
