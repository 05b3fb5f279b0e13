"""The first key: a new database is given one, shown once, so that there is a way in."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import structlog

from sightline.common.errors import Reason, TemporarilyAway
from sightline.common.state.keys import Keys

log = structlog.get_logger()

_RETRY_SECONDS = 0.5
_NAME = "first key"


class FirstKey:
    """Makes the first key as soon as the database answers."""

    def __init__(self, keys: Keys, tenant: str, file: Path | None) -> None:
        """Prepare to make it.

        Args:
            keys: where it is made, unless there are keys.
            tenant: whose it will be.
            file: where it is written as well, readable by its owner only.
        """
        self._keys = keys
        self._tenant = tenant
        self._file = file
        self._settled = False

    async def ensure(self) -> None:
        """Make the key unless there is one; wait for the database as long as it takes."""
        while not self._settled:
            try:
                text = await self._keys.create_first(self._tenant, _NAME)
            except TemporarilyAway:
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            if text is not None:
                self._show(text)
            self._settled = True

    async def check(self) -> None:
        """Return if there is a key; for readiness.

        Raises:
            TemporarilyAway: it is not known yet.
        """
        if not self._settled:
            raise TemporarilyAway(Reason.STATE_UNAVAILABLE, "the first key has not been made yet")

    def _show(self, text: str) -> None:
        """Show the key where a person sees it; never in the log, which is kept and copied elsewhere."""
        sys.stdout.write(f"The first key (tenant {self._tenant}), shown only now: {text}\n")
        sys.stdout.flush()
        if self._file is not None:
            write_secret(self._file, text)
            log.info("first_key_written", tenant=self._tenant, file=str(self._file))


def write_secret(file: Path, text: str) -> None:
    """Write a secret that only its owner can read, whole or not at all."""
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text + "\n")
    part.replace(file)
