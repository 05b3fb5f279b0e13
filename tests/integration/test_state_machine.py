"""Jobs and tasks in the real database against a small model, whatever is done to them in whatever order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from world import World

from sightline.common.errors import NotFound, Reason, SightlineError
from sightline.common.state.identifiers import uuid7
from sightline.common.state.jobs import Jobs, State, Stored, Submission
from sightline.common.state.tasks import Failure, Held, Success, Tasks
from sightline.common.state.upkeep import Upkeep

WORKS = st.sampled_from([None, b"one work", b"another"])
QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED = State
LEGAL = {
    QUEUED: {RUNNING, FAILED, CANCELLED},
    RUNNING: {QUEUED, SUCCEEDED, FAILED, CANCELLED},
    SUCCEEDED: set[State](),
    FAILED: {QUEUED},
    CANCELLED: {QUEUED},
}
ROWS = """
SELECT job_id, jobs.state, history, open_tasks, result_count, attempt_count, tasks.state, attempt, released,
       lease_time IS NOT NULL, ARRAY(SELECT payload FROM results AS r WHERE r.job_id = jobs.job_id ORDER BY ordinal),
       ARRAY(SELECT outcome FROM task_attempts AS a WHERE a.task_id = tasks.task_id ORDER BY attempt),
       error IS NOT NULL, jobs.end_time IS NOT NULL, shares
FROM jobs JOIN tasks USING (tenant, job_id)
"""


@dataclass
class Model:
    """A job with one task, as it ought to be.

    Attributes:
        work: what it is to do, for those who ask for the same; None when it is its own.
        shares: how many submissions have joined it.
        ready: whether it may be claimed now.
        lost: whether the latest attempt that ended did so in silence.
        silent: whether its lease has ended and nobody has taken it back yet.
        released: claims that do not count.
        handed_back: claims that were handed back, those before a rerun included.
        unsaved: the count of attempts before the latest claim, while nothing has followed that would save it too.
    """

    submission: Submission
    work: bytes | None = None
    shares: int = 0
    state: State = QUEUED
    history: list[State] = field(default_factory=lambda: [QUEUED])
    ready: bool = True
    lost: bool = False
    silent: bool = False
    attempt: int = 0
    claim_id: UUID | None = None
    released: int = 0
    handed_back: int = 0
    attempt_count: int = 0
    unsaved: int | None = None
    results: list[bytes] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)

    @property
    def tries(self) -> int:
        return self.attempt - self.released

    @property
    def last_try(self) -> bool:
        return self.tries >= self.submission.max_attempts

    def become(self, state: State, outcome: str = "") -> None:
        assert state in LEGAL[self.state]
        self.state, self.silent, self.unsaved = state, False, None
        self.history.append(state)
        self.outcomes += [outcome] if outcome else []

    def holds(self, claim_id: UUID) -> bool:
        return self.state is RUNNING and self.claim_id == claim_id


class Machine(RuleBasedStateMachine):
    """Does to jobs whatever clients, workers, housekeeping and time do."""

    world: World
    jobs_made = Bundle("jobs_made")
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.models: dict[UUID, Model] = {}
        self.jobs = Jobs(self.world.database)
        self.tasks = Tasks(self.world.database)
        self.upkeep = Upkeep(self.world.database)
        self.world.rows("TRUNCATE jobs, tasks, task_attempts, results, idempotency CASCADE")

    @rule(target=jobs_made, max_attempts=st.integers(1, 3), works=st.lists(WORKS, min_size=1, max_size=3))
    def submit(self, max_attempts: int, works: list[bytes | None]) -> Any:
        asked = [
            Submission(
                tenant="acme", job_id=uuid7(), task_id=uuid7(), kind="detect_faces", spec=b"", media_id=None,
                queue="face", priority=5, max_attempts=max_attempts, request_id=uuid7(), work_sha256=work,
            )
            for work in works
        ]  # fmt: skip
        there = {model.work: model for model in self.models.values() if model.work and model.state <= SUCCEEDED}
        made = []
        for one, stored in zip(asked, self.world.run(self.jobs.submit(asked)), strict=True):
            assert isinstance(stored, Stored)
            if (shared := there.get(one.work_sha256)) is not None:
                assert (stored.job_id, stored.shared) == (shared.submission.job_id, True)
                shared.shares += 1
                continue
            assert stored.new
            made.append(Model(one, work=one.work_sha256))
            self.models[stored.job_id] = made[-1]
            if one.work_sha256:
                there[one.work_sha256] = made[-1]
        return multiple(*made)

    @rule(model=jobs_made)
    def submit_again(self, model: Model) -> None:
        (stored,) = self.world.run(self.jobs.submit([model.submission]))
        assert isinstance(stored, Stored)
        assert stored.repeated
        assert stored.job_id == model.submission.job_id

    @rule(target=claims, models=st.lists(jobs_made, min_size=1, max_size=3, unique_by=id), lost=st.booleans())
    def claim(self, models: list[Model], lost: bool) -> Any:
        ids = [model.submission.task_id for model in models]
        found = {claim.task_id: claim for claim in self.world.run(self.tasks.claim(ids, "w", 3600, lost=lost))}
        taken = [model for model in models if model.state is QUEUED and model.ready and model.lost == lost]
        assert found.keys() == {model.submission.task_id for model in taken if self._is_there(model)}
        for model in taken:
            if self._is_there(model):
                model.become(RUNNING)
                model.unsaved = model.attempt_count
                model.attempt += 1
                model.attempt_count = max(model.attempt_count, model.tries)
                claim = found[model.submission.task_id]
                model.claim_id = claim.claim_id
                assert (claim.attempt, claim.tries, claim.transition) == (
                    model.attempt, model.tries, len(model.history),
                )  # fmt: skip
        return multiple(*((model, model.claim_id) for model in taken if self._is_there(model)))

    @rule(held=claims, progress=st.floats(0, 1, width=16))
    def renew(self, held: tuple[Model, UUID], progress: float) -> None:
        model, claim_id = held
        ours = self.world.run(self.tasks.renew([Held(model.submission.task_id, claim_id, progress)], 3600))
        accepted = self._is_there(model) and model.holds(claim_id)
        assert bool(ours) == accepted
        model.silent = model.silent and not accepted

    @rule(held=st.lists(claims, min_size=1, max_size=3, unique_by=lambda h: id(h[0])), count=st.integers(0, 2))
    def complete(self, held: list[tuple[Model, UUID]], count: int) -> None:
        payloads = tuple(b"%d" % number for number in range(count))
        successes = [Success(model.submission.task_id, claim_id, payloads) for model, claim_id in held]
        ended = {one.task_id for one in self.world.run(self.tasks.complete(successes))}
        for model, claim_id in held:
            accepted = self._is_there(model) and model.holds(claim_id)
            assert (model.submission.task_id in ended) == accepted
            if accepted:
                model.become(SUCCEEDED, "succeeded")
                model.results = list(payloads)

    @rule(held=claims, retryable=st.booleans(), delay=st.sampled_from([0.0, 3600.0]))
    def fail(self, held: tuple[Model, UUID], retryable: bool, delay: float) -> None:
        model, claim_id = held
        failure = Failure(model.submission.task_id, claim_id, retryable, delay, b"error")
        ended = self.world.run(self.tasks.fail([failure]))
        accepted = self._is_there(model) and model.holds(claim_id)
        assert bool(ended) == accepted
        if not accepted:
            return
        model.lost = False
        if retryable and not model.last_try:
            model.become(QUEUED, "retried")
            model.ready = delay == 0.0
        else:
            model.become(FAILED, "failed")

    @rule(held=claims)
    def release(self, held: tuple[Model, UUID]) -> None:
        model, claim_id = held
        freed = self.world.run(self.tasks.release([Held(model.submission.task_id, claim_id)]))
        accepted = self._is_there(model) and model.holds(claim_id)
        assert bool(freed) == accepted
        if accepted:
            model.become(QUEUED)
            model.released += 1
            model.handed_back += 1
            model.attempt_count = model.tries

    @rule(model=jobs_made, etag=st.sampled_from(["", "right", "wrong"]))
    def cancel(self, model: Model, etag: str) -> None:
        right = f"{len(model.history)}.{model.shares}" if model.shares else str(len(model.history))
        tag = {"right": right, "wrong": "0"}.get(etag, "")
        refused = self._refusal(model, live=True)
        with _refused(refused or (Reason.ETAG_MISMATCH if etag == "wrong" else None)):
            self.world.run(self.jobs.cancel("acme", model.submission.job_id, tag))
            model.become(CANCELLED, "cancelled" if model.state is RUNNING else "")

    @rule(model=jobs_made)
    def rerun(self, model: Model) -> None:
        refused = self._refusal(model, live=False)
        if model.state is SUCCEEDED and not refused:
            refused = Reason.JOB_ENDED
        with _refused(refused):
            (again,) = self.world.run(self.jobs.rerun("acme", model.submission.job_id))
            assert again.task_id == model.submission.task_id
            model.become(QUEUED)
            model.released, model.ready = model.attempt, True
            model.attempt_count = 0
            # Others may have asked for the same meanwhile.
            model.work = None

    @rule(model=jobs_made)
    def delete(self, model: Model) -> None:
        with _refused(self._refusal(model, live=False)):
            self.world.run(self.jobs.delete("acme", model.submission.job_id))
            del self.models[model.submission.job_id]

    @rule(model=jobs_made)
    def go_silent(self, model: Model) -> None:
        if self._is_there(model) and model.state is RUNNING:
            self.world.rows(
                "UPDATE tasks SET lease_time = now() - interval '1 second' WHERE task_id = %s", model.submission.task_id
            )
            model.silent = True

    @rule(model=jobs_made)
    def crash(self, model: Model) -> None:
        """The server dies before a claim has reached the disk: nobody knows of it but the one who made it."""
        if self._is_there(model) and model.state is RUNNING and model.unsaved is not None:
            self.world.rows(
                "UPDATE tasks SET state = 1, attempt = attempt - 1, lease_time = NULL, claim_id = NULL"
                " WHERE task_id = %s",
                model.submission.task_id,
            )
            self.world.rows(
                "UPDATE jobs SET state = 1, history = trim_array(history, 1), attempt_count = %s WHERE job_id = %s",
                model.unsaved, model.submission.job_id,
            )  # fmt: skip
            model.history.pop()
            model.state, model.silent, model.attempt = QUEUED, False, model.attempt - 1
            model.attempt_count, model.unsaved = model.unsaved, None

    @rule()
    def end_leases(self) -> None:
        taken = {one.task_id: one.state for one in self.world.run(self.upkeep.end_leases(b"silent"))}
        silent = [model for model in self.models.values() if model.silent]
        assert taken.keys() == {model.submission.task_id for model in silent}
        for model in silent:
            model.become(FAILED if model.last_try else QUEUED, "lease_lost")
            model.ready = model.lost = True

    @rule()
    def let_time_pass(self) -> None:
        self.world.rows("UPDATE tasks SET ready_time = now() WHERE state = 1")
        for model in self.models.values():
            model.ready = True

    @rule(model=jobs_made)
    def miss_the_deadline(self, model: Model) -> None:
        if self._is_there(model):
            sql = "UPDATE jobs SET deadline_time = now() - interval '1 second' WHERE job_id = %s"
            self.world.rows(sql, model.submission.job_id)
            ended = self.world.run(self.upkeep.end_overdue(b"late"))
            assert len(ended) == (not model.state.terminal)
            if ended:
                model.become(FAILED, "cancelled" if model.state is RUNNING else "")

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        rows = self.world.rows(ROWS)
        assert {row[0] for row in rows} == self.models.keys()
        for job_id, state, history, open_tasks, counted, begun, of_task, attempt, released, leased, *more in rows:
            model = self.models[job_id]
            results, outcomes, failed, ended, shares = more
            assert (state, history) == (model.state, model.history)
            assert (open_tasks, leased) == (not model.state.terminal, model.state is RUNNING)
            assert of_task == model.state or (model.state, of_task) == (FAILED, CANCELLED)
            assert (attempt, released, begun) == (model.attempt, model.released, model.attempt_count)
            assert results == model.results
            assert counted == len(results)
            assert outcomes == model.outcomes
            assert shares == model.shares
            assert (failed, ended) == (model.state is FAILED, model.state.terminal)

    @invariant()
    def every_claim_has_one_end(self) -> None:
        for model in self.models.values():
            assert model.attempt == len(model.outcomes) + model.handed_back + (model.state is RUNNING)
            assert model.outcomes.count("succeeded") == (model.state is SUCCEEDED)
            assert all(after in LEGAL[before] for before, after in pairwise(model.history))

    def _is_there(self, model: Model) -> bool:
        return model.submission.job_id in self.models

    def _refusal(self, model: Model, *, live: bool) -> Reason | None:
        if not self._is_there(model):
            return Reason.NOT_FOUND
        if model.state.terminal == live:
            return Reason.JOB_ENDED if live else Reason.JOB_NOT_ENDED
        return None


@contextmanager
def _refused(reason: Reason | None) -> Iterator[None]:
    """Expect the block to be refused for a reason; or, without one, not to be."""
    try:
        yield
    except SightlineError as error:
        assert error.reason is reason
        assert isinstance(error, NotFound) == (reason is Reason.NOT_FOUND)
    else:
        assert reason is None


@pytest.mark.timeout(240)
def test_every_order_of_what_can_happen_leads_where_the_model_says(postgres_url: str) -> None:
    Machine.world = World(postgres_url)
    bounds = settings(
        max_examples=100,
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    try:
        run_state_machine_as_test(Machine, settings=bounds)
    finally:
        Machine.world.close()
