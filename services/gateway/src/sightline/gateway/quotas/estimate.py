"""The local estimate: what a gateway allows by itself while the counters are away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.common.queue import Charge, Known, Verdict

_KEPT_MAX = 50_000


@dataclass(slots=True)
class _Count:
    """One window of one limit: what the server last told of it, and what was spent here since."""

    period_seconds: int
    window: int
    told: int = 0
    spent: int = 0


class Estimate:
    """Remembers what the counters said, and gives each process its share of what was left then."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}

    def note(self, charges: Sequence[Charge], verdict: Verdict) -> None:
        """Remember what the counters said."""
        for one, used in zip(charges, verdict.used, strict=True):
            self._count(one, verdict.clock).told = used
        if len(self._counts) > _KEPT_MAX:
            self._forget_old(verdict.clock)

    def charge(self, charges: Sequence[Charge], clock: float, peers: int) -> Verdict:
        """Charge like the counters would, as far as this process can know.

        Args:
            charges: of one call.
            clock: this machine's, in seconds since 1970.
            peers: how many processes share each limit.
        """
        counts = [self._count(one, clock) for one in charges]
        refusing = [
            place
            for place, (one, count) in enumerate(zip(charges, counts, strict=True))
            if one.limit is not None and one.amount > 0 and count.spent + one.amount > _share(one.limit, count, peers)
        ]
        if not refusing:
            for one, count in zip(charges, counts, strict=True):
                count.spent = max(-count.told, count.spent + one.amount)
        # What the others may have spent counts as used: what is said to be left is left to this process.
        used = tuple(
            count.spent if one.limit is None else one.limit - _share(one.limit, count, peers) + count.spent
            for one, count in zip(charges, counts, strict=True)
        )
        longest = max(refusing, key=lambda place: charges[place].period_seconds, default=None)
        return Verdict(clock, used, longest)

    def known(self) -> list[Known]:
        """Give everything that is known, for the counters to be brought up to it."""
        return [
            Known(key, count.period_seconds, count.window, count.told, count.spent)
            for key, count in self._counts.items()
            if count.told or count.spent
        ]

    def restored(self) -> None:
        """Forget what was spent here: the counters have it now."""
        for count in self._counts.values():
            count.told, count.spent = count.told + count.spent, 0

    def _count(self, charge: Charge, clock: float) -> _Count:
        window = int(clock // charge.period_seconds)
        count = self._counts.get(charge.key)
        if count is None or count.window != window:
            count = self._counts[charge.key] = _Count(charge.period_seconds, window)
        return count

    def _forget_old(self, clock: float) -> None:
        self._counts = {
            key: count for key, count in self._counts.items() if count.window == int(clock // count.period_seconds)
        }


def _share(limit: int, count: _Count, peers: int) -> int:
    # At least one where anything is left: with more processes than calls, none would ever be allowed.
    left = max(0, limit - count.told)
    return max(left // peers, min(left, 1))
