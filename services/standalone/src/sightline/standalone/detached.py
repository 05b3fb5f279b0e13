"""`up --detach` and `down`: a system in the background, found by its data folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from sightline.standalone import panel
from sightline.standalone.folder import AlreadyRunningError, Folder
from sightline.standalone.program import StandaloneError, StartError

START_SECONDS = 1200.0
STOP_SECONDS = 120.0
INTERVAL_SECONDS = 0.1
SHOWN_LINES = 20


def start(folder: Folder) -> int:
    """Start a supervisor in the background and wait until everything serves.

    Returns:
        Its process id.

    Raises:
        AlreadyRunningError: one runs already.
        StartError: it ended, with the last lines of its log.
    """
    if folder.holder() is not None:
        raise AlreadyRunningError(f"process {folder.holder()} already runs in {folder.root}; `make down` ends it")
    folder.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.run.unlink(missing_ok=True)
    descriptor = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as log:
        child = subprocess.Popen(
            (sys.executable, "-m", "sightline.standalone", "up"),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _until_it_serves(folder, child)
    except BaseException:
        child.terminate()
        raise
    return child.pid


def _until_it_serves(folder: Folder, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while folder.read_run().get("pid") != child.pid:
        if child.poll() is not None or time.monotonic() > deadline:
            raise StartError(f"it did not start; {folder.log} ends with:\n{_tail(folder)}")
        time.sleep(INTERVAL_SECONDS)


def shown(folder: Folder, *, coloured: bool) -> str:
    """The panel of a system that runs in the background."""
    state = folder.read_run()
    words = state.get("addresses")
    addresses = {str(name): str(address) for name, address in words.items()} if isinstance(words, dict) else {}
    where = {**addresses, "log": str(folder.log)}
    return panel.render(where, str(folder.root), str(state.get("server")), folder.api_key(), coloured=coloured)


def stop(folder: Folder) -> str:
    """End the supervisor that holds the folder, and with it everything.

    Returns:
        What was done, in words.

    Raises:
        StandaloneError: it does not end.
    """
    pid = folder.holder()
    if pid is None:
        folder.run.unlink(missing_ok=True)
        return f"nothing runs in {folder.root}"
    started = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    while folder.holder() == pid:
        if time.monotonic() - started > STOP_SECONDS:
            raise StandaloneError(f"process {pid} did not end in {STOP_SECONDS:g} s; look at {folder.log}")
        time.sleep(INTERVAL_SECONDS)
    return f"stopped process {pid} in {time.monotonic() - started:.1f} s; the data stays in {folder.root}"


def _tail(folder: Folder) -> str:
    return "\n".join(folder.log.read_text(errors="replace").splitlines()[-SHOWN_LINES:])
