"""Jobs as clients see them: submitted in groups, read, listed, cancelled, run again, deleted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row

from sightline.common.errors import NotFound, Reason, SightlineError
from sightline.common.state.database import Database
from sightline.common.state.records import Attempt, Result
from sightline.common.state.statements import statement

# A job can be met once in each of its stages by another change of the same moment.
_CANCEL_TRIES = 5


class State(IntEnum):
    """Where a job or a task stands; the numbers of `sightline.v1.Job.State`."""

    QUEUED = 1
    RUNNING = 2
    SUCCEEDED = 3
    FAILED = 4
    CANCELLED = 5

    @property
    def terminal(self) -> bool:
        """Whether nothing follows."""
        return self >= State.SUCCEEDED


@dataclass(frozen=True, slots=True)
class Submission:
    """One job to store, with its one task.

    Attributes:
        spec: the serialised `sightline.v1.JobSpec`.
        body_sha256: digest of the request, to tell a repeat from a reuse of `request_id`.
        keep_seconds: how long the job is kept after it was created.
        run_time: when it may run at the earliest; None for at once.
        deadline_time: when it fails if it has not ended; None for never.
        queue: the queue of the service that does the work.
        published: whether the caller sends the message of the task once it is stored; if not, housekeeping will.
        work_sha256: digest of what is done and with what, but for the bytes of the media, which the database knows;
            None for a job that is not shared.
    """

    tenant: str
    job_id: UUID
    task_id: UUID
    kind: str
    spec: bytes
    media_id: UUID | None
    queue: str
    priority: int
    labels: Mapping[str, str] = field(default_factory=dict)
    trace_context: str = ""
    request_id: UUID | None = None
    body_sha256: bytes = b""
    keep_seconds: float = 7 * 86_400.0
    max_attempts: int = 5
    run_time: datetime | None = None
    deadline_time: datetime | None = None
    published: bool = True
    work_sha256: bytes | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A row of `jobs`."""

    tenant: str
    job_id: UUID
    kind: str
    spec: bytes
    media_id: UUID | None
    priority: int
    labels: dict[str, str]
    state: int
    history: list[int]
    progress: float
    attempt_count: int
    open_tasks: int
    result_count: int
    error: bytes | None
    deduplicated_from: UUID | None
    trace_context: str
    create_time: datetime
    start_time: datetime | None
    end_time: datetime | None
    expire_time: datetime
    run_time: datetime | None
    deadline_time: datetime | None
    planned: bool
    work_key: bytes | None = None
    shares: int = 0

    @property
    def etag(self) -> str:
        """Changes with every change of the state, and with every submission that joins."""
        return f"{len(self.history)}.{self.shares}" if self.shares else str(len(self.history))


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a submission that was accepted.

    Attributes:
        job_id: the stored job; of the first submission when this one repeats or joins it.
        repeated: whether its request id was used before.
        shared: whether the job does the work of another submission as well, which came first.
        raised: whether it has made the job more urgent.
    """

    job_id: UUID
    create_time: datetime | None
    expire_time: datetime | None
    repeated: bool
    shared: bool = False
    raised: bool = False

    @property
    def new(self) -> bool:
        """Whether a job was stored."""
        return not (self.repeated or self.shared)


@dataclass(frozen=True, slots=True)
class Rerun:
    """A task that waits again, or at another place, and has to be published."""

    task_id: UUID
    queue: str
    priority: int
    trace_context: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a job stands, and nothing else of it."""

    job_id: UUID
    state: int
    transition: int
    progress: float


@dataclass(frozen=True, slots=True)
class _Fresh:
    job_id: UUID
    create_time: datetime
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class _Joined:
    """The job that a submission shares; without one there is none any more."""

    asked_id: UUID
    job_id: UUID | None
    create_time: datetime | None
    expire_time: datetime | None
    raised: bool | None


@dataclass(frozen=True, slots=True)
class _Remembered:
    request_id: UUID
    job_id: UUID
    body_sha256: bytes
    shared: bool


class Jobs:
    """The jobs of every tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def submit(self, submissions: Sequence[Submission]) -> list[Stored | SightlineError]:
        """Store a group of submissions in one transaction.

        Returns:
            For each submission, in order: what was stored, or why nothing was.

        Raises:
            TemporarilyAway: when nothing was stored at all.
        """
        # The first of those with one request id; the others repeat it.
        first: dict[tuple[str, UUID], Submission] = {}
        for one in submissions:
            first.setdefault((one.tenant, one.request_id or one.job_id), one)
        outcomes = await self._place(list(first.values()))
        outcomes |= await self.repeats([s for s in submissions if s.job_id not in outcomes])
        return [
            outcomes.get(s.job_id) or _not_stored(s, first[s.tenant, s.request_id or s.job_id]) for s in submissions
        ]

    async def _place(self, submissions: Sequence[Submission]) -> dict[UUID, Stored | SightlineError]:
        """Store submissions, or let them share the jobs of others; returns the outcomes by job id.

        One without an outcome has no media.
        """
        # In one order, so that two groups with the same work never wait for each other.
        ordered = sorted(submissions, key=lambda s: s.work_sha256 or b"")
        rows = await self._database.fetch(_Fresh, "jobs.submit", _columns(ordered))
        outcomes: dict[UUID, Stored | SightlineError] = {
            row.job_id: Stored(row.job_id, row.create_time, row.expire_time, repeated=False) for row in rows
        }
        if left := [s for s in ordered if s.job_id not in outcomes]:
            # A repeat gets its first job even if its media is gone since.
            outcomes |= await self.repeats(left)
            outcomes |= await self._share([s for s in left if s.work_sha256 and s.job_id not in outcomes])
        return outcomes

    async def _share(self, submissions: Sequence[Submission]) -> dict[UUID, Stored | SightlineError]:
        if not submissions:
            return {}
        rows = await self._database.fetch(_Joined, "jobs.join", _columns(submissions))
        outcomes: dict[UUID, Stored | SightlineError] = {
            row.asked_id: Stored(
                row.job_id, row.create_time, row.expire_time, False, shared=True, raised=bool(row.raised)
            )
            for row in rows
            if row.job_id
        }
        # The job that had their work has failed or is gone since: one of them is stored now.
        alone = {row.asked_id for row in rows} - outcomes.keys()
        return outcomes | (await self._place([s for s in submissions if s.job_id in alone]) if alone else {})

    async def hurry(self, jobs: Iterable[tuple[str, UUID]]) -> list[Rerun]:
        """Let the waiting tasks of jobs, by (tenant, job id), follow a priority that was raised.

        Returns:
            Those of them that may be published, which the caller does.
        """
        pairs = list(jobs)
        parameters = {"tenants": [tenant for tenant, _ in pairs], "job_ids": [job_id for _, job_id in pairs]}
        return await self._database.fetch(Rerun, "jobs.hurry", parameters)

    async def repeats(self, submissions: Sequence[Submission]) -> dict[UUID, Stored | SightlineError]:
        """Say, by job id, what those of the submissions get whose request id was used before."""
        earlier = await self._earlier([s for s in submissions if s.request_id])
        return {
            s.job_id: _repeat(s, earlier[(s.tenant, s.request_id)])
            for s in submissions
            if (s.tenant, s.request_id) in earlier
        }

    async def _earlier(self, repeats: Sequence[Submission]) -> dict[tuple[str, UUID | None], _Remembered]:
        found: dict[tuple[str, UUID | None], _Remembered] = {}
        for tenant in {s.tenant for s in repeats}:
            ids = [s.request_id for s in repeats if s.tenant == tenant]
            rows = await self._database.fetch(
                _Remembered,
                "jobs.by_request",
                {"tenant": tenant, "request_ids": ids},
            )
            found.update({(tenant, row.request_id): row for row in rows})
        return found

    async def get(self, tenant: str, job_id: UUID) -> Job:
        """Read one job.

        Raises:
            NotFound: when the tenant has no such job.
        """
        (job,) = await self.get_many(tenant, [job_id])
        return job

    async def get_many(self, tenant: str, job_ids: Sequence[UUID]) -> list[Job]:
        """Read jobs in the order that is asked for.

        Raises:
            NotFound: when one of them does not exist.
        """
        jobs = {job.job_id: job for job in await self.find(tenant, job_ids)}
        if missing := next((job_id for job_id in job_ids if job_id not in jobs), None):
            raise NotFound(f"jobs/{missing}")
        return [jobs[job_id] for job_id in job_ids]

    async def find(self, tenant: str, job_ids: Iterable[UUID]) -> list[Job]:
        """Read those of the jobs that exist, in no order."""
        return await self._database.fetch(Job, "jobs.by_id", {"tenant": tenant, "job_ids": list(job_ids)})

    async def standings(self, wanted: Iterable[tuple[str, UUID]]) -> list[Standing]:
        """Read where jobs stand, by (tenant, job id); those that do not exist are left out."""
        pairs = list(wanted)
        parameters = {"tenants": [tenant for tenant, _ in pairs], "job_ids": [job_id for _, job_id in pairs]}
        return await self._database.fetch(Standing, "jobs.standings", parameters)

    async def cancel(self, tenant: str, job_id: UUID, etag: str = "") -> Job:
        """End a job that has not ended; its tasks are refused to whoever works on them.

        Raises:
            NotFound: when the tenant has no such job.
            SightlineError: JOB_ENDED or ETAG_MISMATCH.
        """
        for _ in range(_CANCEL_TRIES):
            cancelled = await self._database.transact("jobs.cancel", lambda one: _cancel(one, tenant, job_id, etag))
            if cancelled is not None:
                return cancelled
            job = await self.get(tenant, job_id)
            if State(job.state).terminal or etag not in ("", job.etag):
                break
            # Its only task has ended in this moment, and has planned others: they can be seen now.
        raise _refusal(job, etag, wants_ended=False)

    async def rerun(self, tenant: str, job_id: UUID, *, keep_seconds: float = 0.0) -> list[Rerun]:
        """Queue a failed or cancelled job again, with a fresh count of attempts; it is kept that long from now on.

        Raises:
            NotFound: when the tenant has no such job.
            SightlineError: JOB_NOT_ENDED, or JOB_ENDED when it succeeded.
        """
        parameters = {"tenant": tenant, "job_id": job_id, "keep_seconds": keep_seconds}
        rows = await self._database.fetch(Rerun, "jobs.rerun", parameters)
        if rows:
            return rows
        job = await self.get(tenant, job_id)
        raise _refusal(job, "", wants_ended=not State(job.state).terminal)

    async def delete(self, tenant: str, job_id: UUID, etag: str = "") -> None:
        """Delete a job that has ended, with its results.

        Raises:
            NotFound: when the tenant has no such job.
            SightlineError: JOB_NOT_ENDED or ETAG_MISMATCH.
        """
        parameters = {"tenant": tenant, "job_id": job_id, "etag": etag}
        if not await self._database.rows("jobs.delete", parameters):
            raise _refusal(await self.get(tenant, job_id), etag, wants_ended=True)

    async def results(self, tenant: str, job_id: UUID, *, after: int = -1, count: int = 50) -> list[Result]:
        """Read results in their order, beginning behind the ordinal `after`."""
        parameters = {"tenant": tenant, "job_id": job_id, "after": after, "count": count}
        return await self._database.fetch(Result, "jobs.results", parameters)

    async def attempts(self, tenant: str, job_ids: Iterable[UUID]) -> list[Attempt]:
        """Read every ended attempt at the tasks of jobs, by job, the first first."""
        parameters = {"tenant": tenant, "job_ids": list(job_ids)}
        return await self._database.fetch(Attempt, "jobs.attempts", parameters)


async def _cancel(connection: AsyncConnection[TupleRow], tenant: str, job_id: UUID, etag: str) -> Job | None:
    cursor = connection.cursor(row_factory=class_row(Job), binary=True)
    await cursor.execute(statement("jobs.cancel"), {"tenant": tenant, "job_id": job_id, "etag": etag})
    job = await cursor.fetchone()
    if job is None:
        return None
    before = replace(job, state=job.history[-2], history=job.history[:-1])
    if etag not in ("", before.etag):
        # Another has changed it since the statement looked at the etag: what it has stopped goes on.
        raise _refusal(before, etag, wants_ended=False)
    if job.planned:
        await connection.execute(statement("jobs.stop_rest"), {"tenants": [tenant], "job_ids": [job_id]})
    return job


def _columns(submissions: Sequence[Submission]) -> dict[str, Any]:
    columns = {name: [getattr(s, name) for s in submissions] for name in Submission.__slots__}
    return {**columns, "labels": [json.dumps(dict(labels)) for labels in columns["labels"]]}


def _not_stored(submission: Submission, first: Submission) -> SightlineError:
    """Say why a submission was not stored: its media is not there, or another of its group came first with its id."""
    same = submission.body_sha256 == first.body_sha256
    return NotFound(f"media/{submission.media_id}") if same else _reused(submission)


def _reused(submission: Submission) -> SightlineError:
    return SightlineError(Reason.REQUEST_ID_REUSED, f"request_id {submission.request_id} was used for another request")


def _repeat(submission: Submission, earlier: _Remembered) -> Stored | SightlineError:
    if earlier.body_sha256 != submission.body_sha256:
        return _reused(submission)
    return Stored(earlier.job_id, None, None, repeated=True, shared=earlier.shared)


def _refusal(job: Job, etag: str, *, wants_ended: bool) -> SightlineError:
    name, state = f"jobs/{job.job_id}", State(job.state)
    if state.terminal != wants_ended:
        reason = Reason.JOB_NOT_ENDED if wants_ended else Reason.JOB_ENDED
        return SightlineError(reason, f"{name} is {state.name}", metadata={"state": state.name})
    return SightlineError(Reason.ETAG_MISMATCH, f"{name} has changed: its etag is {job.etag}, not {etag}")
