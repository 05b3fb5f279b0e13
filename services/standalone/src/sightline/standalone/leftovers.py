"""What an earlier run may have left in a cluster: a server that is still ending, or a file that names it."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from sightline.standalone.program import StandaloneError

PATIENCE_SECONDS = 15.0
INTERVAL_SECONDS = 0.05


def clear(cluster: Path) -> None:
    """Wait for servers of an earlier run to end, and take away the postmaster.pid that a dead one left.

    PostgreSQL checks only that SOME process of the user has the number in that file; after a restart of the
    machine or the container a stranger may have it. The caller holds the lock of the data folder, so a server
    that works in this cluster is one that was left.

    Raises:
        StandaloneError: a server does not end.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while servers := list(_servers(cluster)):
        if time.monotonic() > deadline:
            raise StandaloneError(f"PostgreSQL, process {servers[0].pid}, does not leave {cluster}; stop it")
        for server in servers:
            _ask_to_end(server)
        time.sleep(INTERVAL_SECONDS)
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def _servers(cluster: Path) -> Iterator[psutil.Process]:
    place = str(cluster.resolve())
    for process in psutil.process_iter(["cwd", "name"]):
        if process.info["cwd"] == place and process.info["name"] == "postgres":
            yield process


def _ask_to_end(server: psutil.Process) -> None:
    try:
        server.send_signal(signal.SIGQUIT)
    except psutil.NoSuchProcess:
        return
