"""What a handler is given and what it must give back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from sightline.common.errors import Reason, SightlineError
from sightline.common.state.tasks import Claim


class Task:
    """One attempt at a task, as its handler sees it.

    Attributes:
        claim: what the database says of it: tenant, kind, the serialised spec, the media.
        progress: how far the work is, 0 to 1; stored with the next heartbeat.
        abandoned: set when the task is no longer this worker's; work in threads should look and stop.
        ended: set when the handler has ended; the outcome is on its way to the row.
    """

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.progress = 0.0
        self.abandoned = False
        self.ended = False

    def advance(self, progress: float) -> None:
        """Say how far the work is.

        Args:
            progress: 0 to 1; a smaller one than before is ignored.

        Raises:
            SightlineError: LEASE_LOST when the task was cancelled or taken over; let it pass through.
        """
        if self.abandoned:
            raise SightlineError(Reason.LEASE_LOST, "the task is no longer this worker's")
        self.progress = min(max(progress, self.progress), 1.0)


Handler = Callable[[Task], Awaitable[Sequence[bytes]]]
"""Does the work and returns the serialised results in their order. A SightlineError says by its reason
whether the work may be tried again; any other exception is a fault and is tried again."""
