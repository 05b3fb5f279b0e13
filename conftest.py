"""What every test may use: the models and sample pictures, fetched once and kept in the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from sightline.common.models import ModelStore
from sightline.common.settings import ModelSettings


@pytest.fixture(scope="session")
def model_store() -> ModelStore:
    """The store that `make` fills too; what is missing in it is fetched, and nothing else here uses the network."""
    folder = Path(__file__).parent / "data" / "models"
    store = ModelStore(ModelSettings(folder=folder, allow_noncommercial=True))
    store.fetch(["default", "samples"])
    return store
