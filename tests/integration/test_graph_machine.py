"""Jobs of several tasks in the real database against a small model, whatever is done to them in whatever order."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from world import World

from sightline.common.state.graphs import Graphs, NewTask, Step
from sightline.common.state.identifiers import uuid7
from sightline.common.state.jobs import Jobs, State, Submission
from sightline.common.state.tasks import Failure, Held, Tasks
from sightline.common.state.upkeep import Upkeep

QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED = State
BLOCKED = 0
MAX_ATTEMPTS = 2
# Each says of a planned task which of those before it, counted from its own place, it needs.
Plan = list[tuple[set[int], bool]]
PLANS = st.lists(st.tuples(st.sets(st.integers(1, 3), max_size=2), st.booleans()), min_size=1, max_size=4)
OF_JOBS = "SELECT job_id, state, open_tasks, history, result_count, end_time IS NOT NULL FROM jobs"
OF_TASKS = "SELECT task_id, state, open_needs, attempt, released, lease_time IS NOT NULL FROM tasks"
OF_RESULTS = (
    "SELECT job_id, array_agg(ordinal ORDER BY ordinal), array_agg(payload ORDER BY ordinal) FROM results GROUP BY 1"
)


@dataclass(eq=False)
class TaskModel:
    """A task as it ought to be."""

    job: JobModel
    task_id: UUID
    needs: set[UUID] = field(default_factory=set)
    optional: bool = False
    state: int = QUEUED
    claim_id: UUID | None = None
    attempt: int = 0
    released: int = 0
    silent: bool = False
    lost: bool = False

    @property
    def last_try(self) -> bool:
        return self.attempt - self.released >= MAX_ATTEMPTS

    def end(self, state: int) -> None:
        """End, and let go those that have waited for it."""
        self.state, self.silent = state, False
        for other in self.job.tasks:
            other.needs.discard(self.task_id)
            if other.state == BLOCKED and not other.needs:
                other.state = QUEUED


@dataclass(eq=False)
class JobModel:
    """A job as it ought to be."""

    job_id: UUID
    state: int = QUEUED
    tasks: list[TaskModel] = field(default_factory=list)
    results: list[bytes] = field(default_factory=list)

    @property
    def open(self) -> list[TaskModel]:
        return [task for task in self.tasks if task.state <= RUNNING]

    def end(self, state: int) -> None:
        """End as a whole: what has not ended is stopped."""
        self.state = state
        for task in self.open:
            task.state, task.silent = CANCELLED, False

    def wait(self) -> None:
        """Wait again, if nothing of it is under way or could be."""
        if len(self.open) == 1:
            self.state = QUEUED

    def settle(self) -> None:
        if not self.open:
            self.state = SUCCEEDED


class GraphMachine(RuleBasedStateMachine):
    """Does to graphs whatever clients, workers, housekeeping and crashes do."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        database = self.world.database
        self.jobs, self.tasks, self.graphs, self.upkeep = (
            Jobs(database),
            Tasks(database),
            Graphs(database),
            Upkeep(database),
        )
        self.models: list[JobModel] = []
        self.claims: list[tuple[TaskModel, UUID]] = []
        self.world.rows("TRUNCATE jobs, tasks, task_attempts, task_needs, results, idempotency CASCADE")

    @initialize(plan=PLANS)
    def begin(self, plan: Plan) -> None:
        """Begin with a job whose first task has planned others; a second one begins at its beginning."""
        self.submit()
        self.claim(1, lost=False)
        self._succeed(*self.claims[0], plan, 1)

    @precondition(lambda self: len(self.models) < 2)
    @rule()
    def submit(self) -> None:
        model = JobModel(uuid7())
        model.tasks.append(TaskModel(model, uuid7()))
        submission = Submission(
            "acme", model.job_id, model.tasks[0].task_id, "make_document", b"", None, "extract", 5,
            max_attempts=MAX_ATTEMPTS,
        )  # fmt: skip
        self.world.run(self.jobs.submit([submission]))
        self.models.append(model)

    @rule(count=st.integers(1, 3), lost=st.booleans())
    def claim(self, count: int, lost: bool) -> None:
        """Claim some of what waits; what is blocked or somebody's is refused."""
        every = [task for model in self.models for task in model.tasks]
        free = [task for task in every if task.state == QUEUED and task.lost == lost][:count]
        others = [task for task in every if task.state != QUEUED or task.lost != lost]
        ids = [task.task_id for task in (*free, *others)]
        found = {claim.task_id: claim for claim in self.world.run(self.tasks.claim(ids, "w", 3600, lost=lost))}
        assert found.keys() == {task.task_id for task in free}
        for task in free:
            task.state, task.claim_id, task.attempt = RUNNING, found[task.task_id].claim_id, task.attempt + 1
            task.job.state = RUNNING
            self.claims.append((task, found[task.task_id].claim_id))

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), plan=PLANS, count=st.integers(0, 2))
    def succeed(self, data: st.DataObject, plan: Plan, count: int) -> None:
        self._succeed(*self._claim(data), plan, count)

    def _succeed(self, task: TaskModel, claim_id: UUID, plan: Plan, count: int) -> None:
        new: list[NewTask] = []
        for back, optional in plan if len(task.job.tasks) < 6 else ():
            needs = tuple(new[-step].task_id for step in back if step <= len(new))
            new.append(NewTask(uuid7(), "extract", "stage", needs=needs, optional=optional))
        payloads = tuple(b"%d" % number for number in range(count))
        step = Step(task.task_id, claim_id, payloads=payloads, output=b"out", planned=tuple(new))
        stepped = self.world.run(self.graphs.step(step))
        assert (stepped is not None) == self._holds(task, claim_id)
        if stepped is None:
            return
        task.job.results += payloads
        for one in new:
            state = BLOCKED if one.needs else QUEUED
            task.job.tasks.append(TaskModel(task.job, one.task_id, set(one.needs), one.optional, state))
        task.end(SUCCEEDED)
        task.job.settle()
        assert stepped.standing.state == task.job.state

    @precondition(lambda self: any(task.optional for task, _ in self.claims))
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        task, claim_id = self._claim(data, optional=True)
        stepped = self.world.run(self.graphs.step(Step(task.task_id, claim_id, given_up=True, error=b"error")))
        assert (stepped is not None) == self._holds(task, claim_id)
        if stepped is not None:
            task.end(FAILED)
            task.job.settle()

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), retryable=st.booleans())
    def fail(self, data: st.DataObject, retryable: bool) -> None:
        task, claim_id = self._claim(data)
        ended = self.world.run(self.tasks.fail([Failure(task.task_id, claim_id, retryable, 0.0, b"error")]))
        assert bool(ended) == self._holds(task, claim_id)
        if not ended:
            return
        task.lost = False
        if retryable and not task.last_try:
            task.state, task.silent = QUEUED, False
            task.job.wait()
        else:
            task.state, task.silent = FAILED, False
            task.job.end(FAILED)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        task, claim_id = self._claim(data)
        freed = self.world.run(self.tasks.release([Held(task.task_id, claim_id)]))
        assert bool(freed) == self._holds(task, claim_id)
        if freed:
            task.state, task.silent, task.released = QUEUED, False, task.released + 1
            task.job.wait()

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), count=st.integers(0, 2))
    def checkpoint(self, data: st.DataObject, count: int) -> None:
        task, claim_id = self._claim(data)
        payloads = [b"partial"] * count
        stored = self.world.run(
            self.graphs.checkpoint(task.task_id, claim_id, state=b"far", progress=0.5, payloads=payloads)
        )
        assert stored == self._holds(task, claim_id)
        if stored:
            task.job.results += payloads

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def go_silent(self, data: st.DataObject) -> None:
        task, claim_id = self._claim(data)
        if self._holds(task, claim_id):
            sql = "UPDATE tasks SET lease_time = now() - interval '1 second' WHERE task_id = %s"
            self.world.rows(sql, task.task_id)
            task.silent = True

    @precondition(lambda self: any(task.silent for task, _ in self.claims))
    @rule()
    def end_leases(self) -> None:
        silent = [task for model in self.models for task in model.tasks if task.silent]
        taken = {one.task_id for one in self.world.run(self.upkeep.end_leases(b"silent"))}
        assert taken == {task.task_id for task in silent}
        lost = [task for task in silent if task.last_try and not task.optional]
        for task in silent:
            task.state, task.silent, task.lost = (FAILED if task in lost else QUEUED), False, True
        for model in {task.job for task in silent}:
            if any(task.job is model for task in lost):
                model.end(FAILED)
            else:
                model.wait()

    @precondition(lambda self: self.models[0].state <= RUNNING)
    @rule()
    def cancel(self) -> None:
        self.world.run(self.jobs.cancel("acme", self.models[0].job_id))
        self.models[0].end(CANCELLED)

    @precondition(lambda self: any(model.state in (FAILED, CANCELLED) for model in self.models))
    @rule()
    def rerun(self) -> None:
        model = next(model for model in self.models if model.state in (FAILED, CANCELLED))
        self.world.run(self.jobs.rerun("acme", model.job_id))
        model.state = QUEUED
        for task in model.tasks:
            if task.state == CANCELLED or (task.state == FAILED and not task.optional):
                task.state = BLOCKED if task.needs else QUEUED
                task.released = task.attempt

    @invariant()
    def tasks_are_as_the_model_says(self) -> None:
        rows = {row[0]: row[1:] for row in self.world.rows(OF_TASKS)}
        models = {task.task_id: task for model in self.models for task in model.tasks}
        assert rows.keys() == models.keys()
        for task_id, (state, open_needs, attempt, released, leased) in rows.items():
            task = models[task_id]
            assert (state, open_needs, leased) == (task.state, len(task.needs), task.state == RUNNING)
            assert (attempt, released) == (task.attempt, task.released)

    @invariant()
    def jobs_are_as_the_model_says(self) -> None:
        results = {row[0]: row[1:] for row in self.world.rows(OF_RESULTS)}
        rows = {row[0]: row[1:] for row in self.world.rows(OF_JOBS)}
        for model in self.models:
            state, open_tasks, history, counted, ended = rows[model.job_id]
            assert (state, open_tasks) == (model.state, len(model.open))
            assert (history[-1], ended) == (state, state > RUNNING)
            ordinals, payloads = results.get(model.job_id, ([], []))
            assert (ordinals, sorted(payloads)) == (list(range(counted)), sorted(model.results))

    def _claim(self, data: st.DataObject, *, optional: bool = False) -> tuple[TaskModel, UUID]:
        """Draw a claim, more often than not one that holds: those that do not are refused, and lead nowhere."""
        claims = [one for one in self.claims if one[0].optional or not optional]
        held = [one for one in claims if self._holds(*one)]
        return data.draw(st.sampled_from(held * 4 + claims[-4:]))

    def _holds(self, task: TaskModel, claim_id: UUID) -> bool:
        return task.state == RUNNING and task.claim_id == claim_id


@pytest.mark.timeout(240)
def test_every_order_of_what_can_happen_to_a_graph_leads_where_the_model_says(postgres_url: str) -> None:
    GraphMachine.world = World(postgres_url)
    bounds = settings(
        max_examples=40,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    try:
        run_state_machine_as_test(GraphMachine, settings=bounds)
    finally:
        GraphMachine.world.close()
