"""ScheduleService of the scripted server."""

# ruff: noqa: N802 - methods have their names from the contract

from __future__ import annotations

import uuid
from typing import Any

from google.protobuf import empty_pb2
from scripted_calls import Script, not_found, paged

from sightline.v1 import (
    schedule_pb2,
    schedule_service_pb2,
    schedule_service_pb2_grpc,
)


class Schedules(schedule_service_pb2_grpc.ScheduleServiceServicer):
    def __init__(self, script: Script) -> None:
        self.script = script

    async def schedule(self, name: str, context: Any) -> schedule_pb2.Schedule:
        if name not in self.script.schedules:
            await not_found(context, name)
        return self.script.schedules[name]

    async def CreateSchedule(self, request, context):
        await self.script.enter("CreateSchedule", request, context)
        made = schedule_pb2.Schedule(name=f"schedules/{uuid.uuid4()}")
        made.MergeFrom(request.schedule)
        self.script.schedules[made.name] = made
        return made

    async def GetSchedule(self, request, context):
        await self.script.enter("GetSchedule", request, context)
        return await self.schedule(request.name, context)

    async def ListSchedules(self, request, context):
        await self.script.enter("ListSchedules", request, context)
        page, token = paged(list(self.script.schedules.values()), request.page_token)
        return schedule_service_pb2.ListSchedulesResponse(schedules=page, next_page_token=token)

    async def PauseSchedule(self, request, context):
        await self.script.enter("PauseSchedule", request, context)
        (await self.schedule(request.name, context)).paused = True
        return self.script.schedules[request.name]

    async def ResumeSchedule(self, request, context):
        await self.script.enter("ResumeSchedule", request, context)
        (await self.schedule(request.name, context)).paused = False
        return self.script.schedules[request.name]

    async def DeleteSchedule(self, request, context):
        await self.script.enter("DeleteSchedule", request, context)
        await self.schedule(request.name, context)
        del self.script.schedules[request.name]
        return empty_pb2.Empty()
