"""The command `sightline models`: what there is, getting it, checking it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from sightline.common.errors import SightlineError
from sightline.common.models.catalogue import ModelEntry
from sightline.common.models.store import ModelStore
from sightline.common.settings import ModelSettings

app = typer.Typer(
    help="Models: list them, fetch them, verify them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Folder = Annotated[
    Path,
    typer.Option("--folder", envvar="SIGHTLINE_MODELS_FOLDER", help="Where models are kept.", file_okay=False),
]
Names = Annotated[list[str] | None, typer.Argument(help="Models or packs, such as: default, samples, buffalo_l.")]
Allow = Annotated[
    bool,
    typer.Option("--allow-noncommercial", help="Allow weights whose licence forbids commercial use."),
]
From = Annotated[
    Path | None,
    typer.Option("--from", help="A folder of yours with the files; looked into first.", exists=True, file_okay=False),
]
_DEFAULT_FOLDER: Path = ModelSettings.model_fields["folder"].default


@app.command("list")
def list_models(folder: Folder = _DEFAULT_FOLDER) -> None:
    """List the catalogue, and what of it is here."""
    store = ModelStore(ModelSettings(folder=folder))
    table = Table("name", "task", "version", "MB", "licence of the weights", "commercial", "here")
    for column in table.columns:
        column.no_wrap = column.header != "licence of the weights"
    for entry in store.catalogue.models:
        size, allowed = f"{entry.bytes / 1e6:.1f}", "yes" if entry.commercial else "no"
        here = "yes" if store.holds(entry) else "-"
        table.add_row(entry.name, entry.task, entry.version, size, entry.weights_licence, allowed, here)
    console = Console()
    console.print(table)
    for pack, names in store.catalogue.packs.items():
        console.print(f"pack {pack}: {', '.join(names)}")


@app.command()
def fetch(
    names: Names = None,
    folder: Folder = _DEFAULT_FOLDER,
    source_folder: From = None,
    allow_noncommercial: Allow = False,
) -> None:
    """Get models that are missing or altered; the default pack where none is named."""
    store = ModelStore(ModelSettings(folder=folder, allow_noncommercial=allow_noncommercial))
    console = Console()

    def report(entry: ModelEntry) -> None:
        console.print(f"{entry.name} {entry.version}: ready ({entry.bytes / 1e6:.1f} MB, sha256 {entry.sha256[:12]})")

    try:
        with console.status("fetching models"):
            store.fetch(names or ["default"], source_folder, report)
    except (SightlineError, OSError) as error:
        _fail(str(error))


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="An ONNX export of an Ultralytics model.", exists=True, dir_okay=False)],
    *,
    name: Annotated[str, typer.Option(help="What settings, requests and results are to call it.")],
    licence: Annotated[str, typer.Option(help="The licence of its weights.")],
    version: Annotated[str, typer.Option(help="The version of its weights.")] = "1",
    noncommercial: Annotated[
        bool, typer.Option("--noncommercial", help="Say that the licence forbids commercial use.")
    ] = False,
    folder: Folder = _DEFAULT_FOLDER,
) -> None:
    """Take in a model of your own; then name it in OBJECT_OBJECT__DETECTORS."""
    store = ModelStore(ModelSettings(folder=folder))
    try:
        entry = store.add(file, name, version=version, licence=licence, commercial=not noncommercial)
    except (SightlineError, OSError, ValueError) as error:
        _fail(str(error))
    Console().print(f"{entry.name}: added (sha256 {entry.sha256[:12]})")


@app.command()
def verify(names: Names = None, folder: Folder = _DEFAULT_FOLDER) -> None:
    """Check the models that are here, or those named; ends with 1 where one is missing or altered."""
    store = ModelStore(ModelSettings(folder=folder, allow_noncommercial=True))
    try:
        entries = store.catalogue.entries(names) if names else [e for e in store.catalogue.models if store.has(e)]
    except SightlineError as error:
        _fail(str(error))
    wrong = [entry.name for entry in entries if not store.holds(entry)]
    for entry in entries:
        Console().print(f"{entry.name}: {'missing or altered' if entry.name in wrong else 'good'}")
    if wrong:
        _fail(f"not good: {', '.join(wrong)}; get them with 'sightline models fetch {' '.join(wrong)}'")


def _fail(message: str) -> NoReturn:
    Console(stderr=True).print(f"error: {message}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1)
