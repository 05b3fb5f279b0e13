"""How many tasks a worker may have in hand: never more than it is about to run."""

from __future__ import annotations

# Tasks are claimed ahead for this long a time of work: enough to hide the round trip of the next claim.
_AHEAD_SECONDS = 0.05
# Tasks shorter than this cost less than a statement of their own.
_BRIEF_SECONDS = 0.005
# Weight of the newest duration in the average.
_WEIGHT = 0.2


class Pace:
    """Slots for tasks that take their time; slots and some more for very short ones."""

    def __init__(self, slots: int, ahead_max: int) -> None:
        self._slots = slots
        self._ahead_max = ahead_max
        self._average_seconds: float | None = None

    def took(self, seconds: float) -> None:
        """Take note of how long a task took."""
        average = seconds if self._average_seconds is None else self._average_seconds
        self._average_seconds = average + _WEIGHT * (seconds - average)

    @property
    def brief(self) -> bool:
        """Whether it pays to wait a moment and to write or claim several tasks in one statement."""
        return self._average_seconds is not None and self._average_seconds < _BRIEF_SECONDS

    def room(self, in_hand: int) -> int:
        """Say how many more may be claimed, 0 or more; none before half of what was claimed ahead is used up.

        One claim for many costs little more than one for a single task, and the other half hides its round trip.
        """
        ahead = self._ahead()
        return 0 if in_hand > self._slots + ahead // 2 else max(self._slots + ahead - in_hand, 0)

    def _ahead(self) -> int:
        if self._average_seconds is None:
            return 0
        return min(int(self._slots * _AHEAD_SECONDS / max(self._average_seconds, 1e-6)), self._ahead_max)
