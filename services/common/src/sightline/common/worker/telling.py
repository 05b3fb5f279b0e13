"""What a worker tells of jobs: enough that who watches one need not read its row."""

from __future__ import annotations

from sightline.common.queue import Change, Course
from sightline.common.state.jobs import State
from sightline.common.state.tasks import Claim, Ended


def begun(claim: Claim) -> Change:
    """Tell of a job that runs since a claim, or runs on."""
    course = Course(claim.job_start_time, None, claim.job_attempt_count, claim.job_result_count, claim.shares)
    return Change(claim.job_id, State.RUNNING, claim.transition, 0.0, course)


def ended(one: Ended) -> Change:
    """Tell of a job one of whose tasks has ended."""
    state = State(one.state)
    course = None
    if one.start_time is not None:
        course = Course(one.start_time, one.end_time, one.attempt_count, one.result_count, one.shares)
    progress = 1.0 if state is State.SUCCEEDED else 0.0
    return Change(one.job_id, state, one.transition or 0, progress, course)
