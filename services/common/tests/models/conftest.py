"""A catalogue of one small model, so that the store can be tried without a network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sightline.common.models import Catalogue, ModelStore
from sightline.common.settings import ModelSettings

CONTENT = b"weights of a small model\n"


def entry_of(**changes: Any) -> dict[str, Any]:
    known = {
        "name": "small",
        "task": "face-detection",
        "version": "1",
        "file": "small.onnx",
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "bytes": len(CONTENT),
        "code_licence": "MIT",
        "weights_licence": "MIT",
        "commercial": True,
        "input": "",
        "output": "",
    }
    return known | changes


@pytest.fixture(scope="session")
def content() -> bytes:
    """What the small model's file holds."""
    return CONTENT


@pytest.fixture
def small_store(tmp_path: Path) -> Callable[..., ModelStore]:
    """Build a store with the small model alone; named values change its entry."""

    def build(*, allow_noncommercial: bool = False, **changes: Any) -> ModelStore:
        catalogue = Catalogue.model_validate({"packs": {"default": ["small"]}, "models": [entry_of(**changes)]})
        settings = ModelSettings(folder=tmp_path / "store", allow_noncommercial=allow_noncommercial)
        return ModelStore(settings, catalogue)

    return build


@pytest.fixture
def operator_folder(tmp_path: Path) -> Path:
    """A folder of the operator's with the right file, some way down."""
    place = tmp_path / "operator" / "pack"
    place.mkdir(parents=True)
    (place / "small.onnx").write_bytes(CONTENT)
    return tmp_path / "operator"
