"""What a handler is given and what it must give back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sightline.common.errors import Reason, SightlineError
from sightline.common.state.graphs import Graphs, NewTask, Output
from sightline.common.state.tasks import Claim


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a handler has done.

    Attributes:
        results: the serialised results, in their order.
        output: what the tasks that need this one are given.
        planned: tasks of the same job that follow.
    """

    results: Sequence[bytes] = ()
    output: bytes | None = None
    planned: Sequence[NewTask] = ()


class Task:
    """One attempt at a task, as its handler sees it.

    Attributes:
        claim: what the database says of it: tenant, kind, the serialised spec, the media, input and checkpoint.
        progress: how far the work is, 0 to 1; stored with the next heartbeat.
        abandoned: set when the task is no longer this worker's; work in threads should look and stop.
        ended: set when the handler has ended; the outcome is on its way to the row.
    """

    def __init__(self, claim: Claim, graphs: Graphs) -> None:
        self.claim = claim
        self.progress = 0.0
        self.abandoned = False
        self.ended = False
        self._graphs = graphs

    def advance(self, progress: float) -> None:
        """Say how far the work is.

        Args:
            progress: 0 to 1; a smaller one than before is ignored.

        Raises:
            SightlineError: LEASE_LOST when the task was cancelled or taken over; let it pass through.
        """
        if self.abandoned:
            raise _lost()
        self.progress = min(max(progress, self.progress), 1.0)

    async def checkpoint(self, state: bytes, results: Sequence[bytes] = ()) -> None:
        """Store how far the work is, together with the results so far: the next attempt is given it and goes on.

        Args:
            state: what the next attempt needs to know; the handler's own format.
            results: those since the last checkpoint; they can be read at once, and are not to be returned again.

        Raises:
            SightlineError: LEASE_LOST, as `advance`.
        """
        claim = self.claim
        stored = await self._graphs.checkpoint(
            claim.task_id, claim.claim_id, state=state, progress=self.progress, payloads=results
        )
        if not stored:
            raise _lost()

    async def needed(self) -> list[Output]:
        """Read what the tasks left that this one needed, in the order they were planned."""
        return await self._graphs.outputs(self.claim.task_id)


def _lost() -> SightlineError:
    return SightlineError(Reason.LEASE_LOST, "the task is no longer this worker's")


Handler = Callable[[Task], Awaitable[Sequence[bytes] | Outcome]]
"""Does the work and returns the serialised results in their order, or an `Outcome` in a graph of tasks. A
SightlineError says by its reason whether the work may be tried again; any other exception is a fault and is
tried again."""
