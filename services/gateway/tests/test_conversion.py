"""Rows become the messages of the contract."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sightline.common.errors import Reason, SightlineError
from sightline.common.rpc import to_status
from sightline.common.state.jobs import Job, Stored, Submission
from sightline.common.state.records import Attempt, Result
from sightline.gateway.conversion import dead_letter_message, job_message, new_job_message, result_message
from sightline.v1 import job_pb2

JOB_ID = UUID("0192f0c1-2a3b-7c4d-8e5f-60718293a4b5")
CREATED = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
Rows = Callable[..., Job]


def test_a_waiting_job_has_no_times_but_its_creation_and_expiry(a_row: Rows) -> None:
    message = job_message(a_row(labels={"film": "b"}))
    assert message.name == f"jobs/{JOB_ID}"
    assert (message.state, dict(message.labels), message.etag) == (job_pb2.Job.STATE_QUEUED, {"film": "b"}, "1")
    assert message.create_time.ToDatetime(CREATED.tzinfo) == CREATED
    for unset in ("start_time", "end_time", "queued_duration", "run_duration", "error"):
        assert not message.HasField(unset)


def test_an_ended_job_says_how_long_it_waited_and_ran_and_why_it_failed(a_row: Rows) -> None:
    error = to_status(SightlineError(Reason.MEDIA_GONE, "it was deleted"))
    start = CREATED + timedelta(seconds=2)
    end = start + timedelta(seconds=3)
    row = a_row(state=4, history=[1, 2, 4], error=error.SerializeToString(), start_time=start, end_time=end)
    message = job_message(row)
    assert (message.queued_duration.seconds, message.run_duration.seconds) == (2, 3)
    assert (message.error, message.etag) == (error, "3")


def test_a_job_that_was_just_stored_reads_the_same_as_its_row(a_row: Rows) -> None:
    row = a_row(labels={"a": "b"})
    submission = Submission(
        tenant=row.tenant, job_id=row.job_id, task_id=row.job_id, kind=row.kind, spec=row.spec, media_id=row.media_id,
        queue="face", priority=row.priority, labels=row.labels,
    )  # fmt: skip
    stored = Stored(row.job_id, row.create_time, row.expire_time, repeated=False)
    assert new_job_message(submission, stored) == job_message(row)


def test_a_result_has_its_place_in_its_name() -> None:
    payload = job_pb2.JobResult(detect_faces={}).SerializeToString()
    message = result_message(JOB_ID, Result(7, payload, CREATED))
    assert message.name == f"jobs/{JOB_ID}/results/7"
    assert message.WhichOneof("result") == "detect_faces"


def test_a_dead_letter_lists_its_attempts(a_row: Rows) -> None:
    attempts = [Attempt(JOB_ID, n, f"worker-{n}", CREATED, CREATED, "retried") for n in (1, 2)]
    message = dead_letter_message(a_row(state=4, attempt_count=2, end_time=CREATED), attempts)
    assert [(one.attempt, one.worker) for one in message.attempts] == [(1, "worker-1"), (2, "worker-2")]
    assert message.attempt_count == 2
