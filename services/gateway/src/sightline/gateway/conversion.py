"""Conversion of rows to the messages of the contract; pure."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from google.rpc import status_pb2

from sightline.common.state.graphs import Stage
from sightline.common.state.jobs import Job, State, Stored, Submission
from sightline.common.state.records import Attempt, Result
from sightline.gateway.names import job_name
from sightline.gateway.times import timestamp
from sightline.v1 import job_pb2


def job_message(row: Job, stages: Iterable[Stage] = ()) -> job_pb2.Job:
    """Write a job as clients see it.

    Args:
        row: the job.
        stages: how far each stage is, if it has several.
    """
    message = job_pb2.Job(
        name=job_name(row.job_id),
        spec=job_pb2.JobSpec.FromString(row.spec),
        priority=row.priority,
        labels=row.labels,
        state=job_pb2.Job.State.ValueType(row.state),
        progress=row.progress,
        attempt_count=row.attempt_count,
        result_count=row.result_count,
        deduplicated_from=job_name(row.deduplicated_from) if row.deduplicated_from else "",
        create_time=timestamp(row.create_time),
        start_time=timestamp(row.start_time),
        end_time=timestamp(row.end_time),
        expire_time=timestamp(row.expire_time),
        etag=row.etag,
        run_time=timestamp(row.run_time),
        deadline_time=timestamp(row.deadline_time),
        stages=map(_stage, stages),
    )
    if row.error is not None:
        message.error.CopyFrom(_status(row.error))
    if row.start_time is not None:
        message.queued_duration.FromTimedelta(row.start_time - row.create_time)
        if row.end_time is not None:
            message.run_duration.FromTimedelta(row.end_time - row.start_time)
    return message


def new_job_message(submission: Submission, stored: Stored) -> job_pb2.Job:
    """Write a job that has just been stored, without reading it back."""
    return job_pb2.Job(
        name=job_name(submission.job_id),
        spec=job_pb2.JobSpec.FromString(submission.spec),
        priority=submission.priority,
        labels=submission.labels,
        state=job_pb2.Job.STATE_QUEUED,
        create_time=timestamp(stored.create_time),
        expire_time=timestamp(stored.expire_time),
        etag="1",
        run_time=timestamp(submission.run_time),
        deadline_time=timestamp(submission.deadline_time),
    )


def shared_message(row: Job) -> job_pb2.Job:
    """Write a job for a submission that has joined it: it says whose work it shares, and so that it is not its own."""
    message = job_message(row)
    message.deduplicated_from = message.name
    return message


def earlier_message(row: Job, transition: int) -> job_pb2.Job:
    """Write a job as it was after one of its earlier transitions, as far as the row still knows.

    Args:
        row: the job as it is.
        transition: which of its states, from 1.
    """
    message = job_message(row)
    state = State(row.history[transition - 1])
    message.state = job_pb2.Job.State.ValueType(state)
    message.progress = 0.0
    message.etag = str(transition)
    # What belongs to the state that the job is in now, or to its end, was not so then.
    message.result_count = 0
    for field in ("error", "end_time", "run_duration"):
        message.ClearField(field)
    return message


def result_message(job_id: UUID, row: Result) -> job_pb2.JobResult:
    """Write a result: what the worker stored, with its name and time."""
    message = job_pb2.JobResult.FromString(row.payload)
    message.name = f"{job_name(job_id)}/results/{row.ordinal}"
    message.create_time.FromDatetime(row.create_time)
    return message


def dead_letter_message(row: Job, attempts: Iterable[Attempt]) -> job_pb2.DeadLetter:
    """Write a job that was given up, with its attempts in order."""
    message = job_pb2.DeadLetter(
        job=job_name(row.job_id),
        kind=row.kind,
        attempt_count=row.attempt_count,
        end_time=timestamp(row.end_time),
        attempts=(_attempt(one) for one in attempts),
    )
    if row.error is not None:
        message.error.CopyFrom(_status(row.error))
    return message


def _stage(row: Stage) -> job_pb2.JobStage:
    return job_pb2.JobStage(
        name=row.stage,
        state=job_pb2.Job.State.ValueType(row.state),
        progress=row.progress,
        task_count=row.tasks,
        ended_task_count=row.ended,
        start_time=timestamp(row.start_time),
        end_time=timestamp(row.end_time),
    )


def _attempt(row: Attempt) -> job_pb2.TaskAttempt:
    return job_pb2.TaskAttempt(
        attempt=row.attempt,
        worker=row.worker,
        start_time=timestamp(row.start_time),
        end_time=timestamp(row.end_time),
        outcome=row.outcome,
    )


def _status(serialized: bytes) -> status_pb2.Status:
    return status_pb2.Status.FromString(serialized)
