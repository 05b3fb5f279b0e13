"""Poolers between the services and PostgreSQL: the stand-in of every day, and each PgBouncer that is named."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr
from servers import Background, Server
from sharing import Sharing

from sightline.common.settings import PostgresSettings
from sightline.common.state.bouncer import BouncerSettings, write_configuration
from sightline.standalone import accounts
from sightline.standalone.ports import LOOPBACK, Ports
from sightline.standalone.probes import postgres_greets
from sightline.standalone.program import Program

STAND_IN = "stand-in"
# Binaries of PgBouncer, as `make test-pgbouncer` names them: no package of a registry carries one.
KINDS = (STAND_IN, *filter(None, os.environ.get("SIGHTLINE_TEST_PGBOUNCERS", "").split(":")))


def prepares(kind: str) -> bool:
    """Whether statements that a client prepares are known in whichever session its next transaction meets."""
    if kind == STAND_IN:
        return False
    told = subprocess.run([kind, "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = told.split()[1].split(".")[:2]
    return (int(major), int(minor)) >= (1, 21)


class InProcess:
    """The stand-in, on the loop of the servers."""

    def __init__(self, background: Background, folder: Path) -> None:
        self._background = background
        self._folder = folder
        self._sharing: Sharing | None = None

    def start(self) -> None:
        """Begin to serve."""

        async def begin() -> Sharing:
            made = Sharing(self._folder)
            await made.start()
            return made

        self._sharing = self._background.run(begin())

    def stop(self) -> None:
        """End every connection."""
        if self._sharing is not None:
            self._background.run(self._sharing.stop())
            self._sharing = None


def public_folder() -> Path:
    """Make a folder for a configuration; not below pytest's, where PgBouncer's user may not look."""
    return Path(tempfile.mkdtemp(prefix="sightline-pgbouncer-"))


def configure(postgres_url: str, *, pool_size: int, prepared_statements: bool) -> tuple[Path, PostgresSettings]:
    """Write the configuration as the chart does; returns its folder, and settings of what connects through it."""
    folder = public_folder()
    port = Ports().take()
    settings = PostgresSettings(
        url=SecretStr(postgres_url),
        pooler=SecretStr(f"postgresql://{LOOPBACK}:{port}"),
        prepared_statements=prepared_statements,
        pool_wait_seconds=5,
    )
    write_configuration(settings, BouncerSettings(folder=folder, port=port, pool_size=pool_size))
    return folder, settings


def pooler(kind: str, background: Background, folder: Path, postgres_url: str) -> InProcess | Server:
    """Make a pooler of a kind over a written configuration, not started yet."""
    if kind == STAND_IN:
        return InProcess(background, folder)
    account = accounts.unprivileged("nobody")
    for path in (*folder.iterdir(), folder):
        accounts.give(path, account)
    port = next(
        int(line.rpartition("=")[2])
        for line in (folder / "pgbouncer.ini").read_text().splitlines()
        if line.startswith("listen_port")
    )
    program = Program(
        name="pgbouncer",
        command=(kind, str(folder / "pgbouncer.ini")),
        ready=postgres_greets(port, urlsplit(postgres_url).username or ""),
        environment={"LC_ALL": "C"},
        folder=folder,
        account=account,
        stop_signal=signal.SIGQUIT,
    )
    return Server(background, program, "")
