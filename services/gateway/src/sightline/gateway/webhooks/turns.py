"""Turns: who is served next, so that a receiver that is slow, or has a backlog, delays nobody but itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sightline.common.state.deliveries import Receiver


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many deliveries are made at once: in all, for one tenant, to one webhook."""

    total: int
    per_tenant: int
    per_webhook: int


def turns(due: Sequence[Receiver], busy: Mapping[Receiver, int], bounds: Bounds) -> list[tuple[Receiver, int]]:
    """Give out the free places, one to each receiver in turn until none is left.

    Args:
        due: receivers for which something is due.
        busy: how many deliveries are being made to each now.
        bounds: what is not exceeded.

    Returns:
        Receivers and how many deliveries each may be sent, at least one.
    """
    free = bounds.total - sum(busy.values())
    of_tenant, given = Counter[str](), Counter[Receiver]()
    for receiver, count in busy.items():
        of_tenant[receiver.tenant] += count
    for place in range(bounds.per_webhook):
        for receiver in due:
            taken = busy.get(receiver, 0) + place >= bounds.per_webhook
            if free <= 0 or taken or of_tenant[receiver.tenant] >= bounds.per_tenant:
                continue
            given[receiver] += 1
            of_tenant[receiver.tenant] += 1
            free -= 1
    return list(given.items())
