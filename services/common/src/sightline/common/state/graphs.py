"""Jobs of several tasks: stages that need each other, planned while the job runs, and how far each attempt got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row

from sightline.common.state.database import Database
from sightline.common.state.jobs import State
from sightline.common.state.statements import statement


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task that another one has planned.

    Attributes:
        stage: what the client sees it as, such as `transcript`.
        input: what its handler is given; it is not shown to anyone.
        needs: the tasks, planned together with it, that must have ended before it runs.
        optional: whether the job succeeds without it.
    """

    task_id: UUID
    queue: str
    stage: str
    input: bytes = b""
    needs: tuple[UUID, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """The end of one task of a graph.

    Attributes:
        given_up: whether it was given up; only an optional task may be.
        error: the serialised `google.rpc.Status` of one that was given up.
        output: what the tasks that need it are given.
        planned: tasks that follow.
    """

    task_id: UUID
    claim_id: UUID
    payloads: tuple[bytes, ...] = ()
    output: bytes | None = None
    planned: tuple[NewTask, ...] = ()
    given_up: bool = False
    error: bytes | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """A task that may run now and has to be published."""

    task_id: UUID
    queue: str
    priority: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What a job has become."""

    tenant: str
    job_id: UUID
    state: int
    transition: int
    progress: float


@dataclass(frozen=True, slots=True)
class Stepped:
    """What a step did: the job after it, and what may run now."""

    standing: Standing
    ready: list[Ready] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Output:
    """What a needed task left; None when it was optional and given up, with the serialised status that says why."""

    stage: str
    output: bytes | None
    error: bytes | None


@dataclass(frozen=True, slots=True)
class Stage:
    """How far one stage of a job is: its state, its tasks, how many have ended, and the mean of their progress."""

    stage: str
    state: int
    tasks: int
    ended: int
    progress: float
    start_time: datetime | None
    end_time: datetime | None


class Graphs:
    """The graphs of every job."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def step(self, step: Step) -> Stepped | None:
        """End one task of a graph: its results, what it planned, what it frees, and the job, in one transaction.

        Returns:
            What the job has become; None when the task is no longer this worker's, and nothing was changed.
        """
        return await self._database.transact("graphs.step", lambda connection: _step(connection, step))

    async def checkpoint(
        self, task_id: UUID, claim_id: UUID, *, state: bytes, progress: float, payloads: Sequence[bytes] = ()
    ) -> bool:
        """Store how far an attempt is, with the results so far.

        Returns:
            Whether the task is still this worker's; if not, nothing was stored.
        """
        parameters = {
            "task_id": task_id,
            "claim_id": claim_id,
            "checkpoint": state,
            "progress": progress,
            "payloads": list(payloads),
        }
        return bool(await self._database.rows("graphs.checkpoint", parameters))

    async def outputs(self, task_id: UUID) -> list[Output]:
        """Read what the tasks left that this one needed, in the order they were planned."""
        return await self._database.fetch(Output, "graphs.outputs", {"task_id": task_id})

    async def stages(self, tenant: str, job_id: UUID) -> list[Stage]:
        """Read how far each stage of a job is, in the order they were planned."""
        return await self._database.fetch(Stage, "graphs.stages", {"tenant": tenant, "job_id": job_id})


Connection = AsyncConnection[TupleRow]


async def _step(connection: Connection, step: Step) -> Stepped | None:
    await connection.execute(statement("graphs.lock_jobs"), {"task_ids": [step.task_id]})
    state = State.FAILED if step.given_up else State.SUCCEEDED
    ended = await connection.execute(
        statement("graphs.end_task"),
        {"task_id": step.task_id, "claim_id": step.claim_id, "state": int(state), "output": step.output},
    )
    if (row := await ended.fetchone()) is None:
        return None
    job = {"tenant": row[0], "job_id": row[1]}
    if step.payloads:
        await connection.execute(statement("graphs.store_results"), {**job, "payloads": list(step.payloads)})
    outcome = "failed" if step.given_up else "succeeded"
    attempt = {"task_id": step.task_id, "outcome": outcome, "error": step.error}
    await connection.execute(statement("graphs.store_attempt"), attempt)
    await _plan(connection, step)
    await connection.execute(statement("graphs.wake"), {"task_id": step.task_id})
    ready = connection.cursor(row_factory=class_row(Ready), binary=True)
    await ready.execute(statement("graphs.ready"), job)
    standing = connection.cursor(row_factory=class_row(Standing), binary=True)
    await standing.execute(statement("graphs.settle"), job)
    settled = await standing.fetchone()
    return None if settled is None else Stepped(settled, await ready.fetchall())


async def _plan(connection: Connection, step: Step) -> None:
    if not step.planned:
        return
    await connection.execute(
        statement("graphs.add_tasks"),
        {
            "parent_id": step.task_id,
            "task_ids": [task.task_id for task in step.planned],
            "queues": [task.queue for task in step.planned],
            "stages": [task.stage for task in step.planned],
            "inputs": [task.input for task in step.planned],
            "optionals": [task.optional for task in step.planned],
            "open_needs": [len(task.needs) for task in step.planned],
        },
    )
    edges = [(needed, task.task_id) for task in step.planned for needed in task.needs]
    if edges:
        needed_ids, needing_ids = (list(side) for side in zip(*edges, strict=True))
        parameters = {"needed_ids": needed_ids, "needing_ids": needing_ids}
        await connection.execute(statement("graphs.add_needs"), parameters)
