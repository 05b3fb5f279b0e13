"""The job engine for each test of a fault, over servers that are shared or the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine import Engine
from servers import Background, Server


@pytest.fixture
def engine(background: Background, postgres_url: str, redis_url: str, tmp_path: Path) -> Iterator[Engine]:
    """Processes over the servers that every test shares: kill the processes, never the servers."""
    made = Engine(background, postgres_url, redis_url, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def engine_on_own_redis(
    background: Background, postgres_url: str, own_valkey: Server, tmp_path: Path
) -> Iterator[Engine]:
    """Processes over a Redis that the test may kill."""
    made = Engine(background, postgres_url, own_valkey.url, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def engine_on_own_postgres(
    background: Background, own_postgres: Server, migrate: Callable[[str], None], redis_url: str, tmp_path: Path
) -> Iterator[Engine]:
    """Processes over a PostgreSQL that the test may kill."""
    migrate(own_postgres.url)
    made = Engine(background, own_postgres.url, redis_url, tmp_path)
    yield made
    made.stop()
