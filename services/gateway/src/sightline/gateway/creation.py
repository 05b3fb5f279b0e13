"""Creation: requests become stored jobs, one at a time together with others, or a whole batch at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sightline.common.errors import FieldViolation, InvalidRequest, NotFound, SightlineError
from sightline.common.rpc import Identity, to_status, validate
from sightline.common.state.jobs import Job, Jobs, Stored
from sightline.gateway.conversion import job_message, new_job_message, shared_message
from sightline.gateway.grouping import Grouping
from sightline.gateway.quotas.gate import Gate
from sightline.gateway.quotas.limits import Resource
from sightline.gateway.quotas.quotas import Quotas
from sightline.gateway.reception import Asked, Outcome
from sightline.gateway.submissions import Submissions
from sightline.v1 import job_pb2, job_service_pb2

T = TypeVar("T")
Item = job_service_pb2.BatchCreateJobsResponse.Item

_ONE_JOB = {Resource.REQUESTS: 1, Resource.JOBS: 1}
_ONE_JOB_LESS = {Resource.JOBS: -1}
_OF_ITEM = re.compile(r"requests\[(\d+)\](?:\.|$)")


class Creation:
    """Creates jobs."""

    def __init__(
        self,
        submissions: Submissions,
        gate: Gate,
        grouping: Grouping[Asked, Outcome],
        jobs: Jobs,
        quotas: Quotas,
    ) -> None:
        self._submissions = submissions
        self._gate = gate
        self._quotas = quotas
        self._grouping = grouping
        self._jobs = jobs
        self._outlasting: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """Wait for what was begun for callers that have hung up."""
        while self._outlasting:
            await asyncio.wait(self._outlasting)

    async def create(self, request: job_service_pb2.CreateJobRequest, identity: Identity) -> job_pb2.Job:
        """Create one job, in one commit with those that others create at the same moment, or share that of another.

        Raises:
            SightlineError: why nothing was stored.
            QuotaExceeded: the key or its tenant has no requests or no jobs left.
        """
        await self._quotas.charge(identity, _ONE_JOB)
        answer: asyncio.Future[Outcome] | None = None
        try:
            validate(request)
            asked = self._submissions.make(request, identity)
            answer = self._grouping.put(asked)
            outcome = await asyncio.shield(answer)
        finally:
            if answer is not None and not answer.done():
                # The caller has hung up, and the job is stored all the same: only then is known what it takes.
                answer.add_done_callback(lambda late: self._settle_later(identity, late))
            elif not _has_made_one(answer):
                await self._quotas.settle(identity, _ONE_JOB_LESS)
        if isinstance(outcome, SightlineError):
            raise outcome
        if outcome.new:
            return new_job_message(asked.submission, outcome)
        return _earlier_message(outcome, await self._jobs.get(identity.tenant, outcome.job_id))

    async def create_batch(self, request: job_service_pb2.BatchCreateJobsRequest, identity: Identity) -> list[Item]:
        """Create many jobs in one transaction.

        Returns:
            For each request, in order: the job, or why there is none. One that is wrong does not spoil the others.

        Raises:
            InvalidRequest: the batch itself breaks a rule.
            QuotaExceeded: the key or its tenant has not as many jobs left; none of them is created.
        """
        count = len(request.requests)
        await self._quotas.charge(identity, {Resource.REQUESTS: 1, Resource.JOBS: count})
        # To its end, though the caller hangs up: what was stored has to be told from what was not.
        return await asyncio.shield(self._begin(self._settled_batch(request, identity)))

    async def _settled_batch(self, request: job_service_pb2.BatchCreateJobsRequest, identity: Identity) -> list[Item]:
        """Create a batch that was charged, and give back what it did not take."""
        outcomes: list[Outcome] = []
        try:
            return await self._create_batch(request, identity, outcomes)
        finally:
            new = sum(map(_is_new, outcomes))
            await self._quotas.settle(identity, {Resource.JOBS: new - len(request.requests)})

    def _settle_later(self, identity: Identity, answer: asyncio.Future[Outcome]) -> None:
        if not _has_made_one(answer):
            self._begin(self._quotas.settle(identity, _ONE_JOB_LESS))

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin what outlasts its caller."""
        task = asyncio.create_task(work)
        self._outlasting.add(task)
        task.add_done_callback(self._outlasting.discard)
        return task

    async def _create_batch(
        self, request: job_service_pb2.BatchCreateJobsRequest, identity: Identity, taken: list[Outcome]
    ) -> list[Item]:
        """Create many jobs; what became of those that reached the gate is added to `taken`."""
        refused: dict[int, SightlineError] = dict(_broken_items(request))
        asked: dict[int, Asked] = {}
        for number, one in enumerate(request.requests):
            if number not in refused:
                try:
                    asked[number] = self._submissions.make(one, identity)
                except SightlineError as error:
                    refused[number] = error
        taken += await self._gate.take_group(list(asked.values()))
        outcomes = dict(zip(asked, taken, strict=True))
        earlier = await self._earlier(identity.tenant, list(outcomes.values()))
        return [
            Item(error=to_status(refused[number]))
            if number in refused
            else _item(asked[number], outcomes[number], earlier)
            for number in range(len(request.requests))
        ]

    async def _earlier(self, tenant: str, outcomes: Sequence[Outcome]) -> dict[UUID, Job]:
        wanted = {o.job_id for o in outcomes if isinstance(o, Stored) and not o.new}
        found = await self._jobs.find(tenant, wanted) if wanted else []
        return {row.job_id: row for row in found}


def _item(asked: Asked, outcome: Outcome, earlier: Mapping[UUID, Job]) -> Item:
    if isinstance(outcome, SightlineError):
        return Item(error=to_status(outcome))
    if outcome.new:
        return Item(job=new_job_message(asked.submission, outcome))
    row = earlier.get(outcome.job_id)
    # The first job of a request id may have been deleted meanwhile.
    job = _earlier_message(outcome, row) if row else None
    return Item(job=job) if job else Item(error=to_status(NotFound(f"jobs/{outcome.job_id}")))


def _earlier_message(outcome: Stored, row: Job) -> job_pb2.Job:
    return shared_message(row) if outcome.shared else job_message(row)


def _is_new(outcome: Outcome) -> bool:
    return isinstance(outcome, Stored) and outcome.new


def _has_made_one(answer: asyncio.Future[Outcome] | None) -> bool:
    """Say whether a submission has ended in a job of its own."""
    return answer is not None and not answer.cancelled() and not answer.exception() and _is_new(answer.result())


def _broken_items(request: job_service_pb2.BatchCreateJobsRequest) -> dict[int, InvalidRequest]:
    """Check the batch against the contract, and sort what is found by item.

    Raises:
        InvalidRequest: something other than an item is wrong.
    """
    try:
        validate(request)
    except InvalidRequest as error:
        violations: dict[int, list[FieldViolation]] = {}
        for violation in error.violations:
            place = _OF_ITEM.match(violation.field)
            if place is None:
                raise
            inner = FieldViolation(violation.field[place.end() :], violation.description)
            violations.setdefault(int(place[1]), []).append(inner)
        return {number: _invalid(found) for number, found in violations.items()}
    return {}


def _invalid(violations: Sequence[FieldViolation]) -> InvalidRequest:
    first = violations[0]
    return InvalidRequest(f"{first.field}: {first.description}", violations)
