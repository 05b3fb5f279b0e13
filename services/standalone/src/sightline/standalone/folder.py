"""The one folder in which everything is kept between runs."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from sightline.standalone.program import StandaloneError

LOCK_TRIES = 5
LOCK_INTERVAL_SECONDS = 0.05
"""Whoever only looks whether a folder is held holds it for a moment; that must not keep a supervisor out."""


class AlreadyRunningError(StandaloneError):
    """Another supervisor holds the folder."""


class Passwords(BaseModel):
    """What the embedded servers ask of our own processes; chosen once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    postgres: str
    valkey: str


class Folder:
    """The names of what is in the data folder, and who may use it.

    Args:
        root: made when it is missing, for its owner alone; one that exists keeps its permissions.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.postgres = self.root / "postgres" / "cluster"
        self.valkey = self.root / "valkey"
        self.envoy = self.root / "envoy"
        self.blobs = self.root / "blobs"
        self.models = self.root / "models"
        self.key = self.root / "key"
        self.log = self.root / "log"
        self.run = self.root / "run.json"
        self._lock = self.root / "lock"
        self._passwords = self.root / "passwords.json"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder, so that two supervisors never share one; the kernel lets go when the process ends.

        Raises:
            AlreadyRunningError: another process holds it.
        """
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock.open("a+") as file:
            if not _locked(file, LOCK_TRIES):
                raise AlreadyRunningError(f"process {self.holder()} already runs in {self.root}; `make down` ends it")
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def holder(self) -> int | None:
        """The process that holds the folder; None when none does."""
        if not self._lock.exists():
            return None
        with self._lock.open("a+") as file:
            if _locked(file, tries=1):
                return None
            file.seek(0)
            return int(file.read() or 0) or None

    def passwords(self) -> Passwords:
        """Read the passwords; choose them when there are none yet.

        Raises:
            StandaloneError: they are missing for a cluster that was made with them, or can't be read.
        """
        if not self._passwords.exists():
            if self.postgres.exists():
                raise StandaloneError(f"{self._passwords} is missing: the database of this folder needs it")
            chosen = Passwords(postgres=secrets.token_urlsafe(24), valkey=secrets.token_urlsafe(24))
            write_private(self._passwords, chosen.model_dump_json())
        try:
            return Passwords.model_validate_json(self._passwords.read_text())
        except ValidationError:
            raise StandaloneError(f"{self._passwords} is damaged") from None

    def api_key(self) -> str:
        """The API key that the gateway made at the first start; empty when there is none."""
        return self.key.read_text().strip() if self.key.exists() else ""

    def write_run(self, state: dict[str, object]) -> None:
        """Leave word for `down` and for clients."""
        write_private(self.run, json.dumps(state, indent=2))

    def read_run(self) -> dict[str, object]:
        """Read that word; empty when nothing is up."""
        try:
            state = json.loads(self.run.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return state if isinstance(state, dict) else {}


def _locked(file: IO[str], tries: int) -> bool:
    for attempt in range(tries):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_INTERVAL_SECONDS if attempt + 1 < tries else 0)
        else:
            return True
    return False


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, whole or not at all."""
    draft = path.with_name(path.name + ".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.rename(path)
