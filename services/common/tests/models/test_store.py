"""A file is verified or refused, and written whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sightline.common.errors import Reason, SightlineError
from sightline.common.models import ModelStore
from sightline.common.settings import ModelSettings

Build = Callable[..., ModelStore]


def refusal(store: ModelStore, name: str = "small") -> str:
    with pytest.raises(SightlineError) as refused:
        store.path(name)
    assert refused.value.reason is Reason.MODEL_UNAVAILABLE
    return refused.value.message


def test_a_missing_file_is_an_error_that_says_how_to_get_it(small_store: Build) -> None:
    assert "sightline models fetch small" in refusal(small_store())


def test_a_file_from_the_operators_folder_is_kept_by_its_sha256(
    small_store: Build, operator_folder: Path, content: bytes
) -> None:
    store = small_store()
    (fetched,) = store.fetch(["default"], operator_folder)
    assert fetched == store.path("small")
    assert fetched.read_bytes() == content
    assert fetched.parent.name == store.entry("small").sha256


def test_an_altered_file_is_refused_and_fetched_anew(small_store: Build, operator_folder: Path) -> None:
    store = small_store()
    (fetched,) = store.fetch(["small"], operator_folder)
    fetched.write_bytes(fetched.read_bytes()[::-1])
    assert "altered" in refusal(store)
    store.fetch(["small"], operator_folder)
    assert store.path("small") == fetched


def test_a_wrong_file_of_the_right_name_and_size_is_never_kept(
    small_store: Build, operator_folder: Path, content: bytes
) -> None:
    (operator_folder / "pack" / "small.onnx").write_bytes(content[::-1])
    store = small_store()
    with pytest.raises(SightlineError, match="another sha256"):
        store.fetch(["small"], operator_folder)
    assert not store.has(store.entry("small"))


def test_weights_that_forbid_commercial_use_are_refused_until_they_are_allowed(
    small_store: Build, operator_folder: Path
) -> None:
    store = small_store(commercial=False, weights_licence="research only")
    with pytest.raises(SightlineError, match="research only"):
        store.fetch(["small"], operator_folder)
    allowed = small_store(commercial=False, allow_noncommercial=True)
    allowed.fetch(["small"], operator_folder)
    assert allowed.path("small").is_file()
    assert "commercially" in refusal(store)


def test_what_is_there_already_is_not_read_from_its_source_again(small_store: Build, operator_folder: Path) -> None:
    store = small_store()
    (fetched,) = store.fetch(["small"], operator_folder)
    before = fetched.stat().st_ino
    store.fetch(["small"])
    assert fetched.stat().st_ino == before


def test_processes_that_fetch_at_once_all_find_the_one_file(model_store: ModelStore, tmp_path: Path) -> None:
    source, folder = model_store.path("newton").parent, tmp_path / "shared"
    command = [sys.executable, "-m", "sightline.common.models", "fetch", "newton"]
    words = [*command, "--folder", str(folder), "--from", str(source)]
    processes = [subprocess.Popen(words, stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert [path.name for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"] == ["newton.png"]
    assert ModelStore(ModelSettings(folder=folder)).path("newton").is_file()
