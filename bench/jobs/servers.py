"""PostgreSQL and Valkey as `make up` starts them: every commit reaches the disk, Valkey keeps nothing on it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql

from sightline.standalone import accounts, postgres, valkey
from sightline.standalone.ports import Ports
from sightline.standalone.program import Program


@dataclass(frozen=True)
class Servers:
    """The servers of one system; each system has its own, so that no other is measured with it.

    Attributes:
        postgres_url: a database that keeps its tables from turn to turn.
        broker_url, results_url: two logical databases of one Valkey.
    """

    postgres: Program
    valkey: Program
    postgres_url: str
    broker_url: str
    results_url: str


def prepare(folder: Path, ports: Ports) -> Servers:
    """Make the data folders; nothing is started yet."""
    cluster = postgres.Cluster(folder / "cluster", accounts.unprivileged("nobody"))
    password, postgres_port, valkey_port = secrets.token_urlsafe(16), ports.take(), ports.take()
    postgres.initialise(cluster, password)
    return Servers(
        postgres=postgres.program(cluster, postgres_port, "fsync=on", "synchronous_commit=on"),
        valkey=valkey.program(folder / "valkey", valkey_port, password),
        postgres_url=postgres.url(postgres_port, password),
        broker_url=valkey.url(valkey_port, password, 0),
        results_url=valkey.url(valkey_port, password, 1),
    )


def empty(servers: Servers, tables: tuple[str, ...], *, ease_logins: bool) -> None:
    """Forget the jobs of the last turn, so that every turn begins alike."""
    with redis.Redis.from_url(servers.broker_url) as client:
        client.flushall()
    if not tables:
        return
    with psycopg.connect(servers.postgres_url, autocommit=True) as connection:
        if ease_logins:
            _ease_logins(connection, urlsplit(servers.postgres_url).password or "")
        for table in tables:
            if connection.execute("SELECT to_regclass(%s)", (table,)).fetchone() != (None,):
                connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table)))
        connection.execute("VACUUM ANALYZE")


def _ease_logins(connection: psycopg.Connection, password: str) -> None:
    """Make the check of the password cheap: Celery logs in anew for every result, and the check would outweigh it."""
    connection.execute("SET scram_iterations = 1")
    connection.execute(sql.SQL("ALTER ROLE CURRENT_USER PASSWORD {}").format(sql.Literal(password)))
