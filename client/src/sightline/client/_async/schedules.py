"""Jobs that are created again and again, by the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from sightline.client._async.calls import AsyncCalls
from sightline.client.names import schedule_name
from sightline.v1 import schedule_service_pb2_grpc
from sightline.v1.job_pb2 import Job, JobSpec
from sightline.v1.schedule_pb2 import Schedule
from sightline.v1.schedule_service_pb2 import (
    CreateScheduleRequest,
    DeleteScheduleRequest,
    GetScheduleRequest,
    ListSchedulesRequest,
    PauseScheduleRequest,
    ResumeScheduleRequest,
)

if TYPE_CHECKING:
    from sightline.v1.schedule_service_pb2_grpc import ScheduleServiceAsyncStub


class AsyncSchedules:
    """Make schedules, pause and delete them."""

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls

    @cached_property
    def _stub(self) -> ScheduleServiceAsyncStub:
        return schedule_service_pb2_grpc.ScheduleServiceStub(self._calls.channel)

    async def create(
        self,
        cron: str,
        spec: JobSpec,
        *,
        time_zone: str = "",
        priority: int = 0,
        labels: Mapping[str, str] | None = None,
        name: str = "",
        timeout: float | None = None,
    ) -> Schedule:
        """Create a job whenever the clock says so; tried once, since a repeat would make a second schedule.

        Args:
            cron: minute, hour, day of month, month and day of week, such as `30 3 * * 1-5`.
            spec: what is to be done.
            time_zone: where the clock hangs, such as `Europe/Vienna`; UTC if empty.
            priority: of the jobs, 1 to 10; 0 means 5.
            labels: of the jobs.
            name: what to call the schedule.
            timeout: how many seconds the call may take; None allows the client's own.

        Raises:
            InvalidRequest: the times or the zone can't be read, or the job makes no sense.
            NotFound: there is no such media.
        """
        job = Job(spec=spec, priority=priority, labels=labels or {})
        schedule = Schedule(display_name=name, cron=cron, time_zone=time_zone, job=job)
        return await self._calls.once(self._stub.CreateSchedule, CreateScheduleRequest(schedule=schedule), timeout)

    async def get(self, schedule: Schedule | str, *, timeout: float | None = None) -> Schedule:
        """Read a schedule: when it runs next, and why it last could not.

        Raises:
            NotFound: there is no such schedule.
        """
        request = GetScheduleRequest(name=schedule_name(schedule))
        return await self._calls.unary(self._stub.GetSchedule, request, timeout)

    async def list(self, *, page_size: int = 0, timeout: float | None = None) -> AsyncIterator[Schedule]:
        """Go through all schedules, the newest first; pages are fetched as they are needed."""
        request = ListSchedulesRequest(page_size=page_size)
        while True:
            page = await self._calls.unary(self._stub.ListSchedules, request, timeout)
            for schedule in page.schedules:
                yield schedule
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return

    async def pause(self, schedule: Schedule | str, *, timeout: float | None = None) -> Schedule:
        """Create no jobs until it is resumed.

        Raises:
            NotFound: there is no such schedule.
        """
        request = PauseScheduleRequest(name=schedule_name(schedule))
        return await self._calls.unary(self._stub.PauseSchedule, request, timeout)

    async def resume(self, schedule: Schedule | str, *, timeout: float | None = None) -> Schedule:
        """Create jobs again, from the next time on.

        Raises:
            NotFound: there is no such schedule.
        """
        request = ResumeScheduleRequest(name=schedule_name(schedule))
        return await self._calls.unary(self._stub.ResumeSchedule, request, timeout)

    async def delete(self, schedule: Schedule | str, *, timeout: float | None = None) -> None:
        """Delete a schedule; the jobs that it created stay. Tried once.

        Raises:
            NotFound: there is no such schedule.
        """
        request = DeleteScheduleRequest(name=schedule_name(schedule))
        await self._calls.once(self._stub.DeleteSchedule, request, timeout)
