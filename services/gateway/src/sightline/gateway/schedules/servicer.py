"""ScheduleService: what creates jobs again and again."""

# ruff: noqa: N802 - methods have their names from the contract

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.empty_pb2 import Empty
from google.rpc import status_pb2

from sightline.common.rpc import Context, current_identity
from sightline.common.state.identifiers import uuid7
from sightline.common.state.schedules import NewSchedule, Schedule, Schedules
from sightline.gateway import names, page_tokens
from sightline.gateway.schedules.timetable import next_time
from sightline.gateway.submissions import Submissions
from sightline.v1 import schedule_pb2, schedule_service_pb2 as api, schedule_service_pb2_grpc
from sightline.v1.job_pb2 import Job
from sightline.v1.job_service_pb2 import CreateJobRequest


class ScheduleServicer(schedule_service_pb2_grpc.ScheduleServiceServicer):
    """Translates calls into what the state does, and its rows into messages."""

    def __init__(self, schedules: Schedules, submissions: Submissions) -> None:
        self._schedules = schedules
        self._submissions = submissions

    async def CreateSchedule(self, request: api.CreateScheduleRequest, _context: Context) -> schedule_pb2.Schedule:
        """Create a schedule; a job that could never be created is refused at once."""
        asked, identity = request.schedule, current_identity()
        job = Job(spec=asked.job.spec, priority=asked.job.priority, labels=asked.job.labels)
        self._submissions.make(CreateJobRequest(job=job), identity)
        row = await self._schedules.add(
            NewSchedule(
                tenant=identity.tenant,
                schedule_id=uuid7(),
                display_name=asked.display_name,
                cron=asked.cron,
                time_zone=asked.time_zone,
                job=job.SerializeToString(deterministic=True),
                paused=asked.paused,
                next_time=next_time(asked.cron, asked.time_zone, datetime.now(UTC)),
            )
        )
        return _message(row)

    async def GetSchedule(self, request: api.GetScheduleRequest, _context: Context) -> schedule_pb2.Schedule:
        """Read a schedule."""
        return _message(await self._schedules.get(_tenant(), names.parse(names.SCHEDULES, request.name)))

    async def ListSchedules(self, request: api.ListSchedulesRequest, _context: Context) -> api.ListSchedulesResponse:
        """Read a page of schedules."""
        tenant, count = _tenant(), page_tokens.page_size(request.page_size)
        question = ("ListSchedules", tenant)
        before = page_tokens.redeem_id(request.page_token, *question)
        rows = await self._schedules.list_page(tenant, before=before, count=count + 1)
        more = len(rows) > count
        token = page_tokens.issue(rows[count - 1].schedule_id.bytes, *question) if more else ""
        return api.ListSchedulesResponse(schedules=map(_message, rows[:count]), next_page_token=token)

    async def PauseSchedule(self, request: api.PauseScheduleRequest, _context: Context) -> schedule_pb2.Schedule:
        """Keep a schedule from creating jobs."""
        return await self._pause(request.name, paused=True)

    async def ResumeSchedule(self, request: api.ResumeScheduleRequest, _context: Context) -> schedule_pb2.Schedule:
        """Let a schedule create jobs again."""
        return await self._pause(request.name, paused=False)

    async def DeleteSchedule(self, request: api.DeleteScheduleRequest, _context: Context) -> Empty:
        """Forget a schedule."""
        await self._schedules.delete(_tenant(), names.parse(names.SCHEDULES, request.name))
        return Empty()

    async def _pause(self, name: str, *, paused: bool) -> schedule_pb2.Schedule:
        tenant, schedule_id = _tenant(), names.parse(names.SCHEDULES, name)
        row = await self._schedules.get(tenant, schedule_id)
        coming = next_time(row.cron, row.time_zone, datetime.now(UTC))
        return _message(await self._schedules.pause(tenant, schedule_id, paused=paused, next_time=coming))


def _tenant() -> str:
    return current_identity().tenant


def _message(row: Schedule) -> schedule_pb2.Schedule:
    message = schedule_pb2.Schedule(
        name=f"{names.SCHEDULES}/{row.schedule_id}",
        display_name=row.display_name,
        cron=row.cron,
        time_zone=row.time_zone,
        job=Job.FromString(row.job),
        paused=row.paused,
    )
    message.create_time.FromDatetime(row.create_time)
    if not row.paused:
        message.next_run_time.FromDatetime(row.next_time)
    if row.last_time is not None:
        message.last_run_time.FromDatetime(row.last_time)
    if row.last_error is not None:
        message.last_error.CopyFrom(status_pb2.Status.FromString(row.last_error))
    return message
