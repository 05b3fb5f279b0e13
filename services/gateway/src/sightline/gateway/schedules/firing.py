"""The duty that creates the jobs of schedules whose time has come, each once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid5

import structlog

from sightline.common.errors import SightlineError, TemporarilyAway
from sightline.common.rpc import Identity, to_status
from sightline.common.state.schedules import Schedule, Schedules
from sightline.gateway.reception import Asked, Outcome
from sightline.gateway.schedules.timetable import next_time
from sightline.gateway.submissions import Submissions
from sightline.v1.job_pb2 import Job
from sightline.v1.job_service_pb2 import CreateJobRequest

log = structlog.get_logger()

_COUNT = 100
# When one that can be read no longer is looked at again: it must not stand before all others for ever.
_UNREADABLE_RETRY = timedelta(days=1)
_LABEL = "schedule"

Take = Callable[[Sequence[Asked]], Awaitable[list[Outcome]]]


class Firing:
    """Fires schedules. The request id of a job follows from its schedule and time, so that it is created once."""

    def __init__(self, schedules: Schedules, submissions: Submissions, take: Take) -> None:
        """Prepare to fire.

        Args:
            schedules: those of every tenant.
            submissions: makes submissions of requests, as for clients.
            take: takes in a group of submissions.
        """
        self._schedules = schedules
        self._submissions = submissions
        self._take = take

    async def fire(self) -> bool:
        """Fire what is due; one that was missed several times, because nobody led, is made up for once."""
        due = await self._schedules.due(_COUNT)
        for schedule in due:
            error = await self._create(schedule)
            coming, unreadable = _coming(schedule)
            await self._schedules.advance(schedule, coming, error or unreadable)
        return len(due) == _COUNT

    async def _create(self, schedule: Schedule) -> bytes | None:
        """Create the job, or say why none can be."""
        try:
            (outcome,) = await self._take([self._asked(schedule)])
        except TemporarilyAway:
            raise
        except SightlineError as error:
            outcome = error
        if isinstance(outcome, SightlineError):
            log.warning("schedule_failed", schedule=str(schedule.schedule_id), reason=outcome.reason.value)
            refusal: bytes = to_status(outcome).SerializeToString()
            return refusal
        return None

    def _asked(self, schedule: Schedule) -> Asked:
        job = Job.FromString(schedule.job)
        job.labels[_LABEL] = str(schedule.schedule_id)
        request_id = uuid5(schedule.schedule_id, schedule.next_time.astimezone(UTC).isoformat())
        identity = Identity(schedule.tenant, key_id=f"schedules/{schedule.schedule_id}")
        # A schedule is a wish for the work to be done again.
        request = CreateJobRequest(job=job, request_id=str(request_id), force=True)
        return self._submissions.make(request, identity)


def _coming(schedule: Schedule) -> tuple[datetime, bytes | None]:
    """Say when a schedule comes next; and why that is a guess, where its time zone is known no more, say."""
    now = datetime.now(UTC)
    try:
        return next_time(schedule.cron, schedule.time_zone, now), None
    except SightlineError as error:
        log.warning("schedule_unreadable", schedule=str(schedule.schedule_id), error=error.message)
        return now + _UNREADABLE_RETRY, to_status(error).SerializeToString()
