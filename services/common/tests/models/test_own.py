"""An operator's own model is named, verified and refused like any other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sightline.common.errors import Reason, SightlineError
from sightline.common.models import ModelStore
from sightline.common.models.command import app
from sightline.common.settings import ModelSettings

OWN = b"an export of my own\n"


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    file = tmp_path / "mine.onnx"
    file.write_bytes(OWN)
    return file


def test_a_model_that_was_added_is_there_for_every_store_of_the_folder(
    small_store: Callable[..., ModelStore], own_file: Path
) -> None:
    small_store().add(own_file, "mine", version="2", licence="MIT", commercial=True)
    own_file.unlink()
    store = small_store()
    assert store.path("mine").read_bytes() == OWN
    assert (store.entry("mine").version, store.entry("small").version) == ("2", "1")


def test_one_of_the_same_name_is_replaced(small_store: Callable[..., ModelStore], own_file: Path) -> None:
    small_store().add(own_file, "mine", version="1", licence="MIT", commercial=True)
    own_file.write_bytes(b"better\n")
    small_store().add(own_file, "mine", version="2", licence="MIT", commercial=True)
    assert small_store().path("mine").read_bytes() == b"better\n"
    assert {entry.name for entry in small_store().catalogue.models} == {"small", "mine"}


def test_a_name_of_the_catalogue_is_not_given_to_another_file(
    small_store: Callable[..., ModelStore], own_file: Path
) -> None:
    with pytest.raises(ValueError, match="another name"):
        small_store().add(own_file, "small", version="1", licence="MIT", commercial=True)


def test_its_licence_is_a_gate_too(small_store: Callable[..., ModelStore], own_file: Path) -> None:
    small_store().add(own_file, "mine", version="1", licence="for study", commercial=False)
    with pytest.raises(SightlineError, match="for study") as refused:
        small_store().path("mine")
    assert refused.value.reason is Reason.MODEL_UNAVAILABLE
    assert small_store(allow_noncommercial=True).path("mine").is_file()


def test_the_command_adds_it(own_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    words = ["add", str(own_file), "--name", "mine", "--licence", "MIT", "--folder", str(folder)]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert ModelStore(ModelSettings(folder=folder)).path("mine").read_bytes() == OWN
