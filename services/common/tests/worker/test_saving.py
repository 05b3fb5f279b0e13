"""Checkpoints are stored often enough, and not so often that the work stands still."""

from __future__ import annotations

import asyncio
import time
from typing import cast

import pytest

from sightline.common.errors import Reason, SightlineError, TemporarilyAway
from sightline.common.worker import Task
from sightline.common.worker.saving import Saving, keeper_of


class Store:
    """Stands where a task stores its checkpoints; raises what it is told to."""

    def __init__(self, error: SightlineError | None = None) -> None:
        self.kept: list[bytes] = []
        self.claim = self
        self.task_id = "task"
        self._error = error

    async def checkpoint(self, state: bytes) -> None:
        if self._error is not None:
            raise self._error
        self.kept.append(state)


def test_a_state_is_stored_when_it_is_time_and_made_only_then() -> None:
    kept: list[bytes] = []
    saving = Saving(0.05, kept.append)
    for step in range(20):
        saving.save_if_due(lambda step=step: bytes([step]))  # type: ignore[misc]
        time.sleep(0.01)
    assert 2 <= len(kept) <= 4


def test_what_is_slow_to_store_is_stored_seldom() -> None:
    kept: list[bytes] = []

    def slow(state: bytes) -> None:
        time.sleep(0.02)
        kept.append(state)

    saving, began = Saving(0.0, slow), time.monotonic()
    while time.monotonic() - began < 0.6:
        saving.save_if_due(lambda: b"")
        time.sleep(0.001)
    assert 1 <= len(kept) <= 3


async def test_a_checkpoint_is_kept_from_a_thread() -> None:
    store = Store()
    await asyncio.to_thread(keeper_of(cast("Task", store), asyncio.get_running_loop()), b"so far")
    assert store.kept == [b"so far"]


async def test_a_database_that_is_away_does_not_end_the_work_but_a_lost_lease_does() -> None:
    loop = asyncio.get_running_loop()
    away = Store(TemporarilyAway(Reason.STATE_UNAVAILABLE, "away"))
    await asyncio.to_thread(keeper_of(cast("Task", away), loop), b"")
    lost = Store(SightlineError(Reason.LEASE_LOST, "lost"))
    with pytest.raises(SightlineError, match="lost"):
        await asyncio.to_thread(keeper_of(cast("Task", lost), loop), b"")
