"""`sightline models`, as an operator types it."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

from typer.testing import CliRunner

from sightline.common.models import ModelStore
from sightline.common.models.command import app

run = CliRunner().invoke


def test_the_sightline_command_can_discover_it() -> None:
    (found,) = entry_points(group="sightline.commands", name="models")
    assert found.load() is app


def test_the_list_names_every_model_and_what_is_here(model_store: ModelStore, tmp_path: Path) -> None:
    said = run(app, ["list", "--folder", str(tmp_path)], env={"COLUMNS": "200"})
    assert said.exit_code == 0
    assert all(entry.name in said.stdout for entry in model_store.catalogue.models)


def test_fetching_refuses_a_licence_that_was_not_allowed(tmp_path: Path) -> None:
    said = run(app, ["fetch", "default", "--folder", str(tmp_path)])
    assert said.exit_code == 1
    assert "may not be used commercially" in said.stderr
    assert list(tmp_path.iterdir()) == []


def test_verifying_tells_a_good_file_from_a_missing_one(model_store: ModelStore, tmp_path: Path) -> None:
    folder = str(model_store.path("newton").parents[1])
    assert run(app, ["verify", "newton", "--folder", folder]).exit_code == 0
    said = run(app, ["verify", "newton", "--folder", str(tmp_path)])
    assert said.exit_code == 1
    assert "sightline models fetch newton" in said.stderr
