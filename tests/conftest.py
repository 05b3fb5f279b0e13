"""Fixtures for tests against real servers, which are started once and given out as fresh databases."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from psycopg import sql
from servers import VALKEY_DATABASES, Background, Server, System, embedded_postgres, embedded_valkey

from sightline.standalone.settings import Settings

TEMPLATE = "template_sightline"
_numbers = itertools.count()


@pytest.fixture(scope="session")
def background() -> Iterator[Background]:
    """An event loop on its own thread, for servers that outlive a test."""
    loop = Background()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def postgres_server(background: Background, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The PostgreSQL that every test shares: never kill it, take `own_postgres` for that."""
    server = embedded_postgres(background, tmp_path_factory.mktemp("postgres")).start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey_server(background: Background, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The Valkey that every test shares: never kill it, take `own_valkey` for that."""
    server = embedded_valkey(background, tmp_path_factory.mktemp("valkey")).start()
    yield server
    server.stop()


@pytest.fixture
def own_postgres(background: Background, tmp_path: Path) -> Iterator[Server]:
    """A PostgreSQL of this test's own with an empty database; the test may kill it and start it again."""
    server = embedded_postgres(background, tmp_path / "postgres").start()
    yield server
    server.stop()


@pytest.fixture
def own_valkey(background: Background, tmp_path: Path) -> Iterator[Server]:
    """A Valkey of this test's own; the test may kill, freeze and start it again."""
    server = embedded_valkey(background, tmp_path / "valkey").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def models_folder(pytestconfig: pytest.Config) -> Path:
    """The models of `make models` and `make up`; `system` fetches what is missing."""
    return pytestconfig.rootpath / "data" / "models"


@pytest.fixture(scope="session")
def system(background: Background, models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The whole system that every test shares; who kills a part waits with `until_ready` until it is back."""
    folder = tmp_path_factory.mktemp("system")
    settings = Settings(folder=folder / "data", models_folder=models_folder, public_port=0)
    running = System(background, settings, folder / "log").start()
    yield running
    running.stop()


@pytest.fixture
def own_system(background: Background, models_folder: Path, tmp_path: Path) -> Iterator[Callable[..., System]]:
    """Starts a whole system of this test's own: `own_system(services={"FACE_WORKER__SLOTS": "1"})`.

    Called again with `folder=` of the first one, after `stop()`, it shows what was kept.
    """
    started: list[System] = []

    def start(**changes: Any) -> System:
        defaults = {"folder": tmp_path / "data", "models_folder": models_folder, "public_port": 0}
        started.append(System(background, Settings(**{**defaults, **changes}), tmp_path / "log"))
        return started[-1].start()

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def empty_postgres_url(postgres_server: Server) -> Iterator[str]:
    """A database of this test's own in which there is nothing, for tests of migrations."""
    yield from _database(postgres_server, "template1")


@pytest.fixture
def postgres_url(postgres_server: Server, migrated_template: str) -> Iterator[str]:
    """A database of this test's own with every table in it."""
    yield from _database(postgres_server, migrated_template)


@pytest.fixture(scope="module")
def module_postgres_url(postgres_server: Server, migrated_template: str) -> Iterator[str]:
    """A database with every table in it that the tests of one file share."""
    yield from _database(postgres_server, migrated_template)


@pytest.fixture(scope="session")
def migrate() -> Callable[[str], None]:
    """Brings the database at a URL to the newest tables, as the real start does."""
    return _migrate


@pytest.fixture(scope="session")
def migrated_template(postgres_server: Server) -> str:
    """The name of a database that was migrated once and is copied for each test."""
    _administer(postgres_server.url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    _migrate(_at(postgres_server.url, TEMPLATE))
    return TEMPLATE


@pytest.fixture
def redis_url(valkey_server: Server) -> str:
    """An empty logical database of Valkey of this test's own."""
    return _emptied(valkey_server)


@pytest.fixture(scope="module")
def module_redis_url(valkey_server: Server) -> str:
    """An empty logical database of Valkey that the tests of one file share."""
    return _emptied(valkey_server)


def _emptied(valkey_server: Server) -> str:
    url = _at(valkey_server.url, str(next(_numbers) % VALKEY_DATABASES))
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


def _database(server: Server, template: str) -> Iterator[str]:
    name = sql.Identifier(f"test_{next(_numbers)}")
    _administer(server.url, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(template)))
    yield _at(server.url, name._obj[0])
    _administer(server.url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def _administer(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def _at(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def _migrate(url: str) -> None:
    environment = {"PATH": os.environ["PATH"], "STATE_POSTGRES__URL": url}
    command = (sys.executable, "-m", "sightline.common.state", "upgrade")
    outcome = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, f"migrations failed:\n{outcome.stdout}{outcome.stderr}"
