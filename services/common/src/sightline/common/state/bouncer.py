"""The configuration of a PgBouncer that shares connections to our database between transactions."""

from __future__ import annotations

import math
import re
import shutil
import ssl
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict
from pydantic import Field

from sightline.common.settings import PostgresSettings, Section
from sightline.common.settings.sections import Port
from sightline.common.state.sessions import session_settings

# More than there are statements of ours: each is planned once in each session of the server's.
_PREPARED_MAX = 200
# What PgBouncer 1.18 and 1.24 read as the name of a database in the file: neither takes the quotes of their manual.
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_CONSOLE = "pgbouncer"


class BouncerSettings(Section):
    """A PgBouncer in front of the database."""

    folder: Path = Field(Path("/etc/pgbouncer"), description="where its configuration is written to")
    host: str = Field("127.0.0.1", description="address that it listens on; * for all")
    port: Port = Field(6432, description="port that it listens on")
    pool_size: int = Field(50, ge=1, description="connections to PostgreSQL at most")
    clients_max: int = Field(5000, ge=1, description="connections of clients at most")


class Unsuitable(Exception):
    """The URL of the database is none that PgBouncer can be told."""


def write_configuration(settings: PostgresSettings, bouncer: BouncerSettings) -> None:
    """Write `pgbouncer.ini` and `userlist.txt`, which holds the password, for their owner alone.

    Raises:
        Unsuitable: the URL lacks a user, a password or a host, has several hosts, or a name that PgBouncer can't read.
    """
    database = {name: str(value) for name, value in conninfo_to_dict(settings.url.get_secret_value()).items()}
    missing = [name for name in ("host", "user", "password", "dbname") if not database.get(name)]
    if missing:
        raise Unsuitable(f"the URL of the database has no {', '.join(missing)}, which PgBouncer needs")
    if "," in database["host"]:
        raise Unsuitable("the URL of the database names several hosts; name the one that leads to its primary")
    if not _NAME.fullmatch(database["dbname"]) or database["dbname"] == _CONSOLE:
        raise Unsuitable(f"PgBouncer can't serve a database of the name {database['dbname']!r}")
    lines = [*_databases(settings, database), *_pooling(settings, bouncer), *_tls(database, bouncer.folder)]
    _write(bouncer.folder / "pgbouncer.ini", "\n".join(lines) + "\n")
    user, password = (database[name].replace('"', '""') for name in ("user", "password"))
    _write(bouncer.folder / "userlist.txt", f'"{user}" "{password}"\n')


def _databases(settings: PostgresSettings, database: dict[str, str]) -> list[str]:
    options = {
        "host": database["host"],
        "port": database.get("port", "5432"),
        "dbname": database["dbname"],
        # It has no other way of setting what clients may not.
        "connect_query": "; ".join(f"SET {name} = {value}" for name, value in session_settings(settings).items()),
    }
    return [
        "[databases]",
        f"{database['dbname']} = " + " ".join(f"{key}={_quoted(value)}" for key, value in options.items()),
    ]


def _pooling(settings: PostgresSettings, bouncer: BouncerSettings) -> list[str]:
    given = {
        "listen_addr": bouncer.host,
        "listen_port": bouncer.port,
        "unix_socket_dir": "",
        "auth_type": "scram-sha-256",
        "auth_file": bouncer.folder / "userlist.txt",
        "pool_mode": "transaction",
        "default_pool_size": bouncer.pool_size,
        "max_client_conn": bouncer.clients_max,
        # As long as a call would wait for a connection of its own pool: then it may be tried again elsewhere.
        "query_wait_timeout": math.ceil(settings.pool_wait_seconds),
        "server_connect_timeout": 5,
        "server_login_retry": 1,
        "tcp_keepidle": 5,
        "tcp_keepintvl": 2,
        "tcp_keepcnt": 3,
        "tcp_user_timeout": 15_000,
        "log_connections": 0,
        "log_disconnections": 0,
    }
    if settings.prepared_statements:
        given["max_prepared_statements"] = _PREPARED_MAX
    return ["[pgbouncer]", *(f"{name} = {value}" for name, value in given.items())]


def _tls(database: dict[str, str], folder: Path) -> list[str]:
    lines = [f"server_tls_sslmode = {database.get('sslmode', 'prefer')}"]
    if root := database.get("sslrootcert"):
        trusted = ssl.get_default_verify_paths().cafile if root == "system" else root
        if trusted is None:
            raise Unsuitable("this system has no file of the certificates that it trusts; name one as sslrootcert")
        # Its own container may have neither.
        copied = shutil.copyfile(trusted, folder / "ca.crt")
        lines.append(f"server_tls_ca_file = {copied}")
    return lines


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _write(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text)
