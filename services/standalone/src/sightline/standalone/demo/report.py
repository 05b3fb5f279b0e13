"""What the demonstration tells the person who runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from sightline.standalone.demo.outcome import Outcome


def show_outcomes(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print a row for each picture: what was found and where the time went."""
    table = Table(title="Faces found, each picture as a durable job", box=box.SIMPLE_HEAD, title_justify="left")
    for heading in ("picture", "faces", "size", "upload", "waited", "worked", "in all"):
        table.add_column(heading, justify="left" if heading == "picture" else "right")
    for outcome in outcomes:
        size = outcome.result.image_size
        table.add_row(
            outcome.picture.shows,
            str(len(outcome.result.faces)),
            f"{size.width_px} x {size.height_px}",
            _milliseconds(outcome.upload_seconds),
            _milliseconds(outcome.waited),
            _milliseconds(outcome.worked),
            _milliseconds(outcome.total_seconds),
        )
    console.print(table)


def show_places(console: Console, words: Mapping[str, str], out: Path) -> None:
    """Print the addresses while everything still runs, and where the files are."""
    table = Table.grid(padding=(0, 2))
    for name, address in words.items():
        table.add_row(f"  {name}", address)
    console.print("It ran here (make up keeps it running):")
    console.print(table)
    console.print(
        f"\nThe pictures with their faces, objects and segments, and all that is known of them, are in {out}/"
    )
    console.print(f"The film of two people with their best shots is in {out}/people/")
    console.print(f"The lecture with its slides, documents and sounds is in {out}/lecture/")


def _milliseconds(time: float | timedelta) -> str:
    seconds = time.total_seconds() if isinstance(time, timedelta) else time
    return f"{seconds * 1000:,.0f} ms"
