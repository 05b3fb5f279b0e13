"""Storing how far long work is, so that the death of a worker costs seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from sightline.common.errors import Reason, SightlineError
from sightline.common.worker.handler import Task

log = structlog.get_logger()

# Storing may take one part in so many of the time.
_SHARE = 20
# A database that is away for longer than this is not waited for: the work goes on, and saves when it is back.
_STORE_SECONDS = 30.0


class Saving:
    """Stores a state as often as it is wanted, and not so often that the work stands still for it."""

    def __init__(self, every_seconds: float, store: Callable[[bytes], None]) -> None:
        """Take where states go.

        Args:
            every_seconds: time between two of them, at least.
            store: keeps one; what it raises ends the work.
        """
        self._every_seconds = every_seconds
        self._store = store
        self._due = time.monotonic() + every_seconds

    def save_if_due(self, state: Callable[[], bytes]) -> None:
        """Store the state if it is time."""
        began = time.monotonic()
        if began < self._due:
            return
        self._store(state())
        ended = time.monotonic()
        self._due = ended + max(self._every_seconds, _SHARE * (ended - began))


def keeper_of(task: Task, loop: asyncio.AbstractEventLoop) -> Callable[[bytes], None]:
    """Give what stores checkpoints of a task from a thread.

    Returns:
        A function that raises LEASE_LOST when the task is no longer this worker's, and passes over a database that is
        away: a checkpoint that could not be stored costs a few seconds at worst.
    """

    def keep(state: bytes) -> None:
        storing = asyncio.run_coroutine_threadsafe(task.checkpoint(state), loop)
        try:
            storing.result(_STORE_SECONDS)
        except TimeoutError:
            storing.cancel()
            log.warning("checkpoint_not_stored", task=str(task.claim.task_id), reason="timeout")
        except SightlineError as error:
            if error.reason is Reason.LEASE_LOST:
                raise
            log.warning("checkpoint_not_stored", task=str(task.claim.task_id), reason=error.reason)

    return keep
