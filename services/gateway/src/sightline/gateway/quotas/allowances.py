"""What a caller has used, and what is left of all that limits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sightline.common.errors import FieldViolation, InvalidRequest
from sightline.common.rpc import Identity
from sightline.common.state.usage import Hour, Usage
from sightline.gateway.quotas.limits import OPEN_JOBS, Caller, Limit
from sightline.gateway.quotas.providers import Providers
from sightline.gateway.quotas.quotas import Quotas, Standing

_SPAN_MAX = timedelta(days=400)
# An answer of some megabytes; 400 days of four kinds are 38,400.
_HOURS_MAX = 50_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """One limit and what is left of it.

    Attributes:
        subject: `key`, `tenant`, `provider:NAME` or `provider_total:NAME`.
        reset_time: when all of it is there again, in seconds since 1970; None when nobody can say.
    """

    name: str
    subject: str
    limit: int
    remaining: int
    reset_time: float | None


class Allowances:
    """Looks; takes nothing."""

    def __init__(self, quotas: Quotas, usage: Usage, providers: Providers) -> None:
        self._quotas = quotas
        self._usage = usage
        self._providers = providers

    async def used(self, tenant: str, start: datetime, end: datetime) -> list[Hour]:
        """Give the hours that begin from `start` on and before `end`, the latest first.

        Raises:
            InvalidRequest: the end is not behind the start, or too far behind it.
        """
        if not start < end <= start + _SPAN_MAX:
            message = f"must be behind start_time, by {_SPAN_MAX.days} days at most"
            raise InvalidRequest(f"end_time {message}", [FieldViolation("end_time", message)])
        return await self._usage.hours(tenant, start, end, _HOURS_MAX)

    async def of(self, identity: Identity) -> list[Allowance]:
        """Give every limit that holds for a caller."""
        own = _own(identity)
        budgets = [one for name in self._providers.names for one in self._providers.budgets(name, identity.tenant)]
        standings = await self._quotas.standings([*own, *budgets])
        found = [_allowance(one) for one in standings]
        return sorted([*found, *await self._open(identity)], key=lambda one: (one.subject, one.name))

    async def _open(self, identity: Identity) -> Sequence[Allowance]:
        most = identity.open_jobs if isinstance(identity, Caller) else None
        if most is None:
            return ()
        left = most - await self._usage.open_jobs(identity.tenant, most)
        return (Allowance(OPEN_JOBS, "tenant", most, left, None),)


def _own(identity: Identity) -> list[Limit]:
    return [one for group in identity.limits.values() for one in group] if isinstance(identity, Caller) else []


def _allowance(standing: Standing) -> Allowance:
    limit = standing.limit
    whose, _, provider = limit.subject.partition("provider:")
    subject = whose.partition(":")[0] if not provider else f"provider{'' if whose else '_total'}:{provider}"
    return Allowance(limit.name, subject, limit.limit, standing.remaining, standing.reset_time)
