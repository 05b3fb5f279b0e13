"""Tasks whose last worker went silent: any of them may be what silenced it."""

from __future__ import annotations

import random
from uuid import UUID

from sightline.common.settings import WorkerSettings
from sightline.common.state.tasks import Claim, Tasks
from sightline.common.worker.handler import Task

# Workers that look at the same moment choose among so many, and seldom reach for the same one.
_CHOICE = 8


class Suspects:
    """One such task at a time in one worker, so that the guilty one takes no other with it again and again."""

    def __init__(self, queue: str, name: str, tasks: Tasks, settings: WorkerSettings) -> None:
        self._queue = queue
        self._name = name
        self._tasks = tasks
        self._lease_seconds = settings.lease_seconds
        self._in_hand: UUID | None = None
        self._waiting = True

    @property
    def waiting(self) -> bool:
        """Whether some may wait for their turn."""
        return self._waiting

    def look(self) -> None:
        """Take note that some may wait."""
        self._waiting = True

    def passed(self, task: Task) -> None:
        """Take note that a task has left this worker, its outcome stored or its lease lost."""
        if task.claim.claim_id == self._in_hand:
            self._in_hand = None

    async def claim(self) -> list[Claim]:
        """Claim one that waits, if none is in hand.

        Returns:
            One claim, or none.

        Raises:
            TemporarilyAway: when the database is away.
        """
        if not self._waiting or self._in_hand is not None:
            return []
        found = await self._tasks.lost(self._queue, _CHOICE)
        for task_id in random.sample(found, len(found)):
            if claims := await self._tasks.claim([task_id], self._name, self._lease_seconds, lost=True):
                self._in_hand, self._waiting = claims[0].claim_id, len(found) > 1
                return claims
        # Where others have taken all that were named, more may wait behind them.
        self._waiting = bool(found)
        return []
