"""Schedules and times, over a gateway with the real PostgreSQL and Valkey."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest

from sightline.common.errors import Reason
from sightline.common.rpc import from_rpc_error
from sightline.common.state.database import Database
from sightline.v1 import job_pb2, job_service_pb2, schedule_pb2, schedule_service_pb2 as api, schedule_service_pb2_grpc

YEARLY = "0 0 1 1 *"


@pytest.fixture
def schedules(client: Any) -> Callable[..., Any]:
    """Calls methods of ScheduleService."""
    stub = schedule_service_pb2_grpc.ScheduleServiceStub(client.channel)

    async def call(method: str, request: Any) -> Any:
        return await getattr(stub, method)(request, metadata=client.metadata, timeout=30)

    return call


def yearly(media: str, **changes: Any) -> api.CreateScheduleRequest:
    job = job_pb2.Job(spec=job_pb2.JobSpec(media=media, detect_faces={}), priority=7, labels={"film": "b"})
    fields: dict[str, Any] = {"display_name": "new year", "cron": YEARLY, "job": job, **changes}
    return api.CreateScheduleRequest(schedule=schedule_pb2.Schedule(**fields))


async def make_due(database: Database, name: str) -> None:
    """Make time pass: the schedule should have fired a while ago, several times over."""
    async with database.connection() as connection:
        sql = "UPDATE schedules SET next_time = now() - interval '3 years' WHERE schedule_id = %s"
        await connection.execute(sql, [name.removeprefix("schedules/")])


async def jobs_of(client: Any, name: str, least: int = 1) -> list[job_pb2.Job]:
    """Wait for the jobs that a schedule has created."""
    label = json.dumps(name.removeprefix("schedules/"))
    request = job_service_pb2.ListJobsRequest(filter=f"labels.schedule = {label}")
    async with asyncio.timeout(20):
        while len((page := await client("ListJobs", request)).jobs) < least:
            await asyncio.sleep(0.05)
    return list(page.jobs)


async def test_a_schedule_whose_time_has_come_creates_one_job_however_often_it_was_missed(
    client: Any, schedules: Callable[..., Any], media: str, database: Database
) -> None:
    schedule = await schedules("CreateSchedule", yearly(media))
    assert schedule.next_run_time.ToDatetime(UTC) > datetime.now(UTC)
    await make_due(database, schedule.name)
    (job,) = await jobs_of(client, schedule.name)
    assert (job.priority, job.labels["film"]) == (7, "b")
    await asyncio.sleep(2.5)
    assert len(await jobs_of(client, schedule.name)) == 1
    after = await schedules("GetSchedule", api.GetScheduleRequest(name=schedule.name))
    assert after.next_run_time.ToDatetime(UTC) > datetime.now(UTC)
    assert not after.HasField("last_error")


async def test_a_schedule_says_why_it_could_not_create_its_job(
    schedules: Callable[..., Any], media: str, database: Database
) -> None:
    schedule = await schedules("CreateSchedule", yearly(media))
    async with database.connection() as connection:
        await connection.execute("DELETE FROM media")
    await make_due(database, schedule.name)
    async with asyncio.timeout(20):
        while not (after := await schedules("GetSchedule", api.GetScheduleRequest(name=schedule.name))).HasField(
            "last_error"
        ):
            await asyncio.sleep(0.05)
    assert after.last_error.code == grpc.StatusCode.NOT_FOUND.value[0]


async def test_a_schedule_whose_time_zone_is_known_no_more_says_so_and_delays_no_other(
    client: Any, schedules: Callable[..., Any], media: str, database: Database
) -> None:
    lost, other = [await schedules("CreateSchedule", yearly(media)) for _ in range(2)]
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE schedules SET time_zone = 'Atlantis/Poseidonis', next_time = now() - interval '9 years'"
            " WHERE schedule_id = %s",
            [lost.name.removeprefix("schedules/")],
        )
    await make_due(database, other.name)
    assert len(await jobs_of(client, other.name)) == 1
    after = await schedules("GetSchedule", api.GetScheduleRequest(name=lost.name))
    assert after.last_error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert after.next_run_time.ToDatetime(UTC) > datetime.now(UTC)


async def test_a_paused_schedule_creates_nothing_until_it_is_resumed(
    client: Any, schedules: Callable[..., Any], media: str, database: Database
) -> None:
    schedule = await schedules("CreateSchedule", yearly(media))
    await schedules("PauseSchedule", api.PauseScheduleRequest(name=schedule.name))
    await make_due(database, schedule.name)
    await asyncio.sleep(2.5)
    assert await jobs_of(client, schedule.name, least=0) == []
    resumed = await schedules("ResumeSchedule", api.ResumeScheduleRequest(name=schedule.name))
    assert resumed.next_run_time.ToDatetime(UTC) > datetime.now(UTC)


async def test_schedules_are_listed_by_page_and_deleted(schedules: Callable[..., Any], media: str) -> None:
    made = [(await schedules("CreateSchedule", yearly(media))).name for _ in range(3)]
    first = await schedules("ListSchedules", api.ListSchedulesRequest(page_size=2))
    second = await schedules("ListSchedules", api.ListSchedulesRequest(page_token=first.next_page_token))
    assert [one.name for one in [*first.schedules, *second.schedules]] == made[::-1]
    await schedules("DeleteSchedule", api.DeleteScheduleRequest(name=made[0]))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await schedules("GetSchedule", api.GetScheduleRequest(name=made[0]))
    assert from_rpc_error(refused.value).reason is Reason.NOT_FOUND


async def test_a_schedule_that_can_not_be_read_is_refused(schedules: Callable[..., Any], media: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await schedules("CreateSchedule", yearly(media, cron="every full moon now"))
    assert from_rpc_error(refused.value).reason is Reason.INVALID_ARGUMENT


async def test_a_job_of_later_waits_for_its_time(client: Any, wanted: Callable[..., Any]) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    request = wanted()
    request.job.run_time.FromDatetime(later)
    job = await client("CreateJob", request)
    assert job.run_time.ToDatetime(UTC) == later
    read = await client("GetJob", job_service_pb2.GetJobRequest(name=job.name))
    assert (read.state, read.run_time) == (job_pb2.Job.STATE_QUEUED, job.run_time)


async def test_a_job_that_is_late_fails_and_says_so(client: Any, wanted: Callable[..., Any]) -> None:
    request = wanted()
    request.job.deadline_time.FromDatetime(datetime.now(UTC) + timedelta(seconds=1))
    job = await client("CreateJob", request)
    async with asyncio.timeout(20):
        last = [event async for event in client.watch(job.name)][-1].job
    assert last.state == job_pb2.Job.STATE_FAILED
    assert last.error.code == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
