"""Quotas: each call takes from the limits of its key and its tenant, or is refused with the time to come back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sightline.common.errors import QuotaExceeded
from sightline.common.queue import Charge, Verdict
from sightline.common.rpc import Identity, current_call
from sightline.gateway.quotas.ledger import Ledger
from sightline.gateway.quotas.limits import Caller, Limit, Resource

LIMIT, REMAINING, RESET = "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"
# To send nothing here but hours would keep a client from noticing that its key was given more.
_RETRY_MAX_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a limit stands.

    Attributes:
        reset_seconds: until the whole limit is there again.
        reset_time: the same, in seconds since 1970.
    """

    limit: Limit
    remaining: int
    reset_seconds: float
    reset_time: float


class Quotas:
    """Charges and refuses."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def charge(self, identity: Identity, amounts: Mapping[Resource, int], *more: Limit) -> None:
        """Take amounts from all limits that count them, together; a refusal takes nothing.

        Args:
            identity: who asks; one who is no `Caller` has no limits.
            amounts: how much of what.
            more: limits that hold beside those of the caller, such as a provider's budget.

        Raises:
            QuotaExceeded: a limit has less left.
        """
        limits = _limits(identity, amounts, more)
        if not limits:
            return
        charges = [_charge(one, amounts[one.resource]) for one in limits]
        verdict = await self._ledger.charge(charges)
        _announce(limits, verdict)
        if verdict.refusing is not None:
            raise _refusal(limits, charges, verdict)

    async def settle(self, identity: Identity, amounts: Mapping[Resource, int], *more: Limit) -> None:
        """Give amounts back (below 0), or take what has been used already, whatever is left."""
        changes = {resource: amount for resource, amount in amounts.items() if amount}
        limits = _limits(identity, changes, more)
        if limits:
            await self._ledger.charge(
                [Charge(one.counter, one.period_seconds, None, changes[one.resource]) for one in limits]
            )

    def limiting(self, identity: Identity, resource: Resource, more: Sequence[Limit] = ()) -> list[Limit]:
        """Give all limits that count a resource."""
        return _limits(identity, {resource: 1}, more)

    async def standings(self, limits: Sequence[Limit]) -> list[Standing]:
        """Say how limits stand; takes nothing."""
        if not limits:
            return []
        verdict = await self._ledger.charge([_charge(one, 0) for one in limits])
        return [_standing(one, used, verdict.clock) for one, used in zip(limits, verdict.used, strict=True)]


def _limits(identity: Identity, amounts: Mapping[Resource, int], more: Sequence[Limit]) -> list[Limit]:
    own = identity.limits if isinstance(identity, Caller) else {}
    if not own and not more:
        return []
    return [
        *(one for resource in amounts for one in own.get(resource, ())),
        *(o for o in more if o.resource in amounts),
    ]


def _charge(limit: Limit, amount: int) -> Charge:
    return Charge(limit.counter, limit.period_seconds, limit.limit, amount)


def _standing(limit: Limit, used: int, clock: float) -> Standing:
    end = (clock // limit.period_seconds + 1) * limit.period_seconds
    return Standing(limit, max(0, limit.limit - used), end - clock, end)


def _announce(limits: Sequence[Limit], verdict: Verdict) -> None:
    """Tell the client of the limit that it will meet first."""
    call = current_call()
    if call is None:
        return
    standings = [_standing(one, used, verdict.clock) for one, used in zip(limits, verdict.used, strict=True)]
    chosen = (
        min(standings, key=lambda one: one.remaining / max(1, one.limit.limit))
        if verdict.refusing is None
        else standings[verdict.refusing]
    )
    call.trailing[:] = [pair for pair in call.trailing if pair[0] not in (LIMIT, REMAINING, RESET)]
    call.trailing += [
        (LIMIT, str(chosen.limit.limit)),
        (REMAINING, str(chosen.remaining)),
        (RESET, str(math.ceil(chosen.reset_seconds))),
    ]


def _refusal(limits: Sequence[Limit], charges: Sequence[Charge], verdict: Verdict) -> QuotaExceeded:
    assert verdict.refusing is not None
    limit, amount = limits[verdict.refusing], charges[verdict.refusing].amount
    standing = _standing(limit, verdict.used[verdict.refusing], verdict.clock)
    error = QuotaExceeded(
        f"{limit.name} is {limit.limit}, of which {standing.remaining} are left, and this takes {amount}",
        subject=limit.counter,
        retry_after_seconds=min(standing.reset_seconds, _RETRY_MAX_SECONDS),
    )
    error.metadata = {"limit": limit.name, "allowed": str(limit.limit), "remaining": str(standing.remaining)}
    return error
