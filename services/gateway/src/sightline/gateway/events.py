"""The events of a job: numbered by its row alone, so that any gateway goes on where another stopped; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sightline.common.errors import FieldViolation, InvalidRequest
from sightline.common.queue import Change, sequence
from sightline.common.state.jobs import Job, State
from sightline.gateway.conversion import earlier_message, job_message
from sightline.v1 import job_pb2

_TRANSITION_BITS = 20
# The states between two that a change may lead over, the last one included.
_PASSED: dict[tuple[int, int], tuple[State, ...]] = {
    (State.QUEUED, State.RUNNING): (State.RUNNING,),
    (State.RUNNING, State.SUCCEEDED): (State.SUCCEEDED,),
    (State.QUEUED, State.SUCCEEDED): (State.RUNNING, State.SUCCEEDED),
}


def transition_of(number: int) -> int:
    """Give the transition that a sequence number belongs to; 0 for the number 0."""
    return number >> _TRANSITION_BITS


def events_after(row: Job, last: int) -> Iterator[job_pb2.JobEvent]:
    """Tell what a watcher has missed.

    Args:
        row: the job as it is.
        last: the sequence number of the last event that was told; 0 begins with the job as it is.

    Returns:
        One event for each transition that was passed over, then the job as it is if it is news.
    """
    latest = len(row.history)
    for transition in range(transition_of(last) + 1, latest) if last else ():
        yield job_pb2.JobEvent(sequence=sequence(transition, 0.0), job=earlier_message(row, transition))
    number = sequence(latest, row.progress)
    if number > last:
        yield job_pb2.JobEvent(sequence=number, job=job_message(row))


def followed(row: Job, change: Change) -> Job | None:
    """Give a row as it is after a change that was told of.

    Returns:
        What reading it would give; None where the change does not say enough: after a failure, when changes before
        it were missed, when other submissions have joined the job since.
    """
    if change.transition < len(row.history):
        return row
    if change.transition == len(row.history):
        # Within a state only the progress changes.
        return replace(row, progress=max(row.progress, change.progress)) if change.state == row.state else None
    course, passed = change.course, _PASSED.get((row.state, change.state), ())
    if course is None or course.shares != row.shares or change.transition != len(row.history) + len(passed):
        return None
    return replace(
        row,
        state=change.state,
        history=[*row.history, *passed],
        progress=change.progress,
        start_time=course.start_time,
        end_time=course.end_time,
        attempt_count=course.attempt_count,
        result_count=course.result_count,
    )


def require_reached(row: Job, last: int) -> None:
    """Refuse a sequence number that lies in the future.

    Raises:
        InvalidRequest: the job has not come to it.
    """
    # One more than there are: a claim that was told and that a crash of the database undid. It comes again.
    if transition_of(last) > len(row.history) + 1:
        message = f"the job has not come to the sequence number {last}"
        raise InvalidRequest(message, [FieldViolation("after_sequence", message)])
