"""What a person wants to know once the system is up."""

from __future__ import annotations

import io
from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

WIDTH = 100


def render(words: Mapping[str, str], folder: str, server: str, key: str, *, coloured: bool) -> str:
    """Draw the addresses, and the two lines that point a client here.

    Args:
        words: addresses by what is found there.
        folder: where the data is kept.
        server: the public door.
        key: an API key; empty when only the hash of one is known.
        coloured: for a terminal.
    """
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, address in (*words.items(), ("data", folder)):
        table.add_row(name, address)
    text = io.StringIO()
    console = Console(file=text, force_terminal=coloured, no_color=not coloured, width=WIDTH)
    console.print(Panel(table, title="Sightline is up", box=box.ROUNDED, expand=False, border_style="green"))
    exports = f"export SIGHTLINE_SERVER={server}\n" + (f"export SIGHTLINE_KEY={key}\n" if key else "")
    return f"\n{text.getvalue()}\n{exports}\n"
