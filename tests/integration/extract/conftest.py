"""A gateway and an extract service for the tests of one file, over servers that every test shares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from engine import Engine
from servers import Background

from sightline.client import Sightline
from sightline.common.models import ModelStore
from sightline.common.settings import ModelSettings

# What the service loads when it starts.
MODELS = ("text", "speech")
SPEECHES = ("austen-1", "austen-2", "austen-3", "austen-4")


@pytest.fixture(scope="session")
def extract_models(models_folder: Path) -> Path:
    """The folder of models, with those of the extract service in it."""
    store = ModelStore(ModelSettings(folder=models_folder, allow_noncommercial=True))
    store.fetch(MODELS)
    return models_folder


@pytest.fixture(scope="session")
def speeches(models_folder: Path) -> list[Path]:
    """Four sentences of a book, read aloud."""
    store = ModelStore(ModelSettings(folder=models_folder, allow_noncommercial=True))
    return store.fetch(SPEECHES)


@pytest.fixture(scope="module")
def engine(
    background: Background,
    module_postgres_url: str,
    module_redis_url: str,
    extract_models: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Engine]:
    """Both processes; films longer than 10 seconds are searched in parts."""
    made = Engine(background, module_postgres_url, module_redis_url, tmp_path_factory.mktemp("engine"))
    service = made.service("extract", EXTRACT_MODELS__FOLDER=str(extract_models), EXTRACT_FILM__CHUNK_SECONDS="10")
    made.gateway(GATEWAY_SERVICES__EXTRACT=service.url)
    yield made
    made.stop()


@pytest.fixture
def sightline(engine: Engine) -> Iterator[Sightline]:
    with engine.client() as client:
        yield client
