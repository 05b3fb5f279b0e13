"""The gate before reception: what would be one too many is refused, the rest goes on together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from sightline.common.errors import QuotaExceeded, SightlineError
from sightline.common.state.jobs import Jobs
from sightline.common.state.usage import Usage
from sightline.gateway.quotas.fullness import Fullness
from sightline.gateway.quotas.limits import OPEN_JOBS
from sightline.gateway.reception import Asked, Outcome, Reception

# Jobs end by themselves, and nobody can say when.
_OPEN_RETRY_SECONDS = 2.0

Take = Callable[[Sequence[Asked]], Awaitable[list[Outcome]]]


class Gate:
    """Looks at the rows themselves: how many jobs of a tenant are open, and how much waits.

    Tenants with a limit of open jobs pass one group after another, so that a gateway never lets in one too many;
    several gateways together may, by what the others store in the same few milliseconds.
    """

    def __init__(self, reception: Reception, jobs: Jobs, usage: Usage, fullness: Fullness) -> None:
        self._reception = reception
        self._jobs = jobs
        self._usage = usage
        self._fullness = fullness
        self._one_by_one = asyncio.Lock()

    async def take_group(self, group: Sequence[Asked]) -> list[Outcome]:
        """Take in submissions of different callers, like reception does."""
        return await self._through(group, self._reception.take_group)

    async def take(self, asked: Sequence[Asked]) -> list[Outcome]:
        """Take in submissions of one caller, like reception does."""
        return await self._through(asked, self._reception.take)

    async def _through(self, asked: Sequence[Asked], take: Take) -> list[Outcome]:
        if not asked or not (self._fullness.bounded or any(one.open_max is not None for one in asked)):
            return await take(asked)
        async with self._one_by_one:
            refused = await self._too_many(asked)
            taken = [one for one in asked if one.submission.job_id not in refused]
            outcomes = await take(taken) if taken else []
        by_job = dict(zip((one.submission.job_id for one in taken), outcomes, strict=True))
        return [by_job.get(one.submission.job_id) or refused[one.submission.job_id] for one in asked]

    async def _too_many(self, asked: Sequence[Asked]) -> dict[UUID, Outcome]:
        room = await self._room(asked)
        refused: dict[UUID, Outcome] = {}
        if self._fullness.bounded:
            await self._fullness.refresh()
        for one in asked:
            error = self._refusal(one, room)
            if error is not None:
                refused[one.submission.job_id] = error
        if refused:
            # What was taken in before is no new job: its repeat is answered, however full it is.
            refused |= await self._jobs.repeats([o.submission for o in asked if o.submission.job_id in refused])
        return refused

    def _refusal(self, one: Asked, room: dict[str, int]) -> SightlineError | None:
        tenant = one.submission.tenant
        if one.open_max is not None and room[tenant] <= 0:
            return QuotaExceeded(
                f"{OPEN_JOBS} is {one.open_max}, and as many jobs have not ended",
                subject=f"tenant:{tenant}/{OPEN_JOBS}",
                retry_after_seconds=_OPEN_RETRY_SECONDS,
            )
        error = self._fullness.add(one.submission) if self._fullness.bounded else None
        if error is None and one.open_max is not None:
            room[tenant] -= 1
        return error

    async def _room(self, asked: Sequence[Asked]) -> dict[str, int]:
        most: dict[str, int] = {}
        for one in asked:
            if one.open_max is not None:
                tenant = one.submission.tenant
                most[tenant] = min(most.get(tenant, one.open_max), one.open_max)
        return {tenant: limit - await self._usage.open_jobs(tenant, limit) for tenant, limit in most.items()}
