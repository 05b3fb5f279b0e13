"""Tasks as workers see them: claimed, renewed, completed, failed and handed back, always in groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sightline.common.state.database import Database


@dataclass(frozen=True, slots=True)
class Claim:
    """A task that is this worker's until its lease ends, with all that the work needs.

    Attributes:
        claim_id: the fencing token; every later write names it.
        attempt: which claim of the task it is.
        tries: how many attempts count, this one included.
        transition: how many states the job has been in, this one included.
        stage: what the task is in the graph of its job; empty for the first or only one.
        input: what the task that planned this one gave it.
        checkpoint: how far an earlier attempt got; None at the start.
        optional: whether the job succeeds without it.
        waited_seconds: how long the task was ready before it was claimed.
        job_start_time, job_attempt_count, job_result_count, shares: of the job, the claim included.
        blob_key, content_type, size_bytes, sha256: the media; None when it is gone or the work has none.
    """

    task_id: UUID
    tenant: str
    job_id: UUID
    kind: str
    claim_id: UUID
    attempt: int
    tries: int
    max_attempts: int
    stage: str
    input: bytes | None
    checkpoint: bytes | None
    optional: bool
    spec: bytes
    trace_context: str
    transition: int
    waited_seconds: float
    job_start_time: datetime
    job_attempt_count: int
    job_result_count: int
    shares: int
    blob_key: str | None
    content_type: str | None
    size_bytes: int | None
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class Held:
    """A claim that is still worked on, and how far the work is (0 to 1)."""

    task_id: UUID
    claim_id: UUID
    progress: float = 0.0


@dataclass(frozen=True, slots=True)
class Success:
    """A task that is done, with its serialised results in their order."""

    task_id: UUID
    claim_id: UUID
    payloads: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that did not succeed.

    Attributes:
        retryable: whether another attempt may follow.
        delay_seconds: how long the next attempt waits.
        error: the serialised `google.rpc.Status` that the client reads if no attempt follows.
    """

    task_id: UUID
    claim_id: UUID
    retryable: bool
    delay_seconds: float
    error: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """What an accepted write did: the state of the job after it, for those who watch.

    Attributes:
        transition: how many states the job has been in; None when the job's state did not change.
        start_time, end_time, attempt_count, result_count, shares: of the job; without a start they were not asked for.
    """

    task_id: UUID
    tenant: str
    job_id: UUID
    state: int
    transition: int | None
    start_time: datetime | None = None
    end_time: datetime | None = None
    attempt_count: int = 0
    result_count: int = 0
    shares: int = 0


class Tasks:
    """The tasks of every queue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, task_ids: Sequence[UUID], worker: str, lease_seconds: float, *, lost: bool = False
    ) -> list[Claim]:
        """Take those of the tasks that wait; the others are somebody's, ended or not yet due.

        The commit of a claim is not waited for: a claim that a crash undoes is only made again.

        Args:
            lost: whether to take those, and only those, whose last worker went silent.
        """
        parameters = {"task_ids": list(task_ids), "worker": worker, "lease_seconds": lease_seconds, "lost": lost}
        return await self._database.fetch(Claim, "tasks.claim", parameters)

    async def waiting(self, queue: str, count: int) -> list[UUID]:
        """Name tasks that may be claimed without a message, the most urgent and longest waiting first.

        Those that are `lost` are not among them.
        """
        parameters = {"queue": queue, "count": count}
        return [row[0] for row in await self._database.rows("tasks.waiting", parameters)]

    async def lost(self, queue: str, count: int) -> list[UUID]:
        """Name tasks that wait and whose last worker went silent, the most urgent first."""
        parameters = {"queue": queue, "count": count}
        return [row[0] for row in await self._database.rows("tasks.lost", parameters)]

    async def renew(self, held: Sequence[Held], lease_seconds: float) -> set[UUID]:
        """Prolong leases and store progress.

        Returns:
            The tasks that are still this worker's; work on the others must stop.
        """
        parameters = {
            "task_ids": [h.task_id for h in held],
            "claim_ids": [h.claim_id for h in held],
            "progress": [h.progress for h in held],
            "lease_seconds": lease_seconds,
        }
        return {row[0] for row in await self._database.rows("tasks.renew", parameters)}

    async def complete(self, successes: Sequence[Success]) -> list[Ended]:
        """Store results and end tasks, together; refused for those that are no longer this worker's."""
        parameters = {
            "task_ids": [s.task_id for s in successes],
            "claim_ids": [s.claim_id for s in successes],
            "results": [len(s.payloads) for s in successes],
            "payload_task_ids": [s.task_id for s in successes for _ in s.payloads],
            "payloads": [payload for s in successes for payload in s.payloads],
        }
        return await self._database.fetch(Ended, "tasks.complete", parameters)

    async def fail(self, failures: Sequence[Failure]) -> list[Ended]:
        """End attempts: back to the queue after a delay, or given up; refused like `complete`."""
        parameters = {
            "task_ids": [f.task_id for f in failures],
            "claim_ids": [f.claim_id for f in failures],
            "retryable": [f.retryable for f in failures],
            "delay_seconds": [f.delay_seconds for f in failures],
            "errors": [f.error for f in failures],
        }
        return await self._database.fetch(Ended, "tasks.fail", parameters)

    async def release(self, held: Sequence[Held]) -> set[UUID]:
        """Hand back claims whose work has not begun; they do not count as attempts."""
        parameters = {"task_ids": [h.task_id for h in held], "claim_ids": [h.claim_id for h in held]}
        return {row[0] for row in await self._database.rows("tasks.release", parameters)}
