"""JobService of the scripted server: jobs in memory, which end as the script says."""

# ruff: noqa: N802 - methods have their names from the contract

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

from google.protobuf import empty_pb2
from google.protobuf.message import Message
from scripted_calls import Script, abort, not_found, paged, status
from scripted_pictures import found, seen, segmented

from sightline.v1 import (
    job_pb2,
    job_service_pb2,
    job_service_pb2_grpc,
)


class Jobs(job_service_pb2_grpc.JobServiceServicer):
    def __init__(self, script: Script) -> None:
        self.script = script
        self.by_request: dict[str, str] = {}

    def store(self, request: job_service_pb2.CreateJobRequest) -> job_pb2.Job:
        name = self.by_request.setdefault(request.request_id, f"jobs/{uuid.uuid4()}")
        job = self.script.jobs.setdefault(name, job_pb2.Job())
        job.CopyFrom(request.job)
        job.name, job.state = name, job_pb2.Job.STATE_QUEUED
        return job

    def shared(self, request: job_service_pb2.CreateJobRequest) -> job_pb2.Job | None:
        """Give the job that was created for the same work before, unless this is a repeat of its creation."""
        if request.force or request.request_id in self.by_request:
            return None
        twin = next((job for job in self.script.jobs.values() if job.spec == request.job.spec), None)
        if twin is None:
            return None
        answer = job_pb2.Job(deduplicated_from=twin.name)
        answer.MergeFrom(twin)
        return answer

    async def job(self, name: str, context: Any) -> job_pb2.Job:
        if name not in self.script.jobs:
            await not_found(context, name)
        return self.script.jobs[name]

    async def CreateJob(self, request, context):
        await self.script.enter("CreateJob", request, context)
        job = self.shared(request) or self.store(request)
        await self.script.leave("CreateJob", context)
        return job

    async def BatchCreateJobs(self, request, context):
        await self.script.enter("BatchCreateJobs", request, context)
        item = job_service_pb2.BatchCreateJobsResponse.Item
        return job_service_pb2.BatchCreateJobsResponse(
            items=[
                item(job=self.store(each)) if each.job.spec.media else item(error=status("INVALID_ARGUMENT", "X"))
                for each in request.requests
            ]
        )

    async def GetJob(self, request, context):
        await self.script.enter("GetJob", request, context)
        return await self.job(request.name, context)

    async def BatchGetJobs(self, request, context):
        await self.script.enter("BatchGetJobs", request, context)
        return job_service_pb2.BatchGetJobsResponse(jobs=[await self.job(n, context) for n in request.names])

    async def ListJobs(self, request, context):
        await self.script.enter("ListJobs", request, context)
        page, token = paged(list(self.script.jobs.values()), request.page_token)
        return job_service_pb2.ListJobsResponse(jobs=page, next_page_token=token)

    async def WatchJob(self, request, context) -> AsyncIterator[job_pb2.JobEvent]:
        await self.script.enter("WatchJob", request, context)
        job = await self.job(request.name, context)
        cut = self.script.cut_watch_after.popleft() if self.script.cut_watch_after else None
        for sequence in range(request.after_sequence + 1, self.script.events + 1):
            if cut is not None and sequence > cut:
                await abort(context, status("UNAVAILABLE", "DRAINING"))
            last = sequence == self.script.events
            if last and self.script.hang_watch:
                await asyncio.Event().wait()
            job.state = self.script.outcome if last else job_pb2.Job.STATE_RUNNING
            job.progress = sequence / self.script.events
            if last and self.script.error:
                job.error.CopyFrom(self.script.error)
            yield job_pb2.JobEvent(sequence=sequence, job=job)

    async def CancelJob(self, request, context):
        await self.script.enter("CancelJob", request, context)
        return await self.change("CancelJob", request.name, job_pb2.Job.STATE_CANCELLED, context)

    async def RetryJob(self, request, context):
        await self.script.enter("RetryJob", request, context)
        return await self.change("RetryJob", request.name, job_pb2.Job.STATE_QUEUED, context)

    async def change(self, method: str, name: str, state: int, context: Any) -> job_pb2.Job:
        job = await self.job(name, context)
        if job.state == state:
            await abort(context, status("FAILED_PRECONDITION", "JOB_ENDED"))
        job.state = state
        await self.script.leave(method, context)
        return job

    async def DeleteJob(self, request, context):
        await self.script.enter("DeleteJob", request, context)
        await self.job(request.name, context)
        del self.script.jobs[request.name]
        await self.script.leave("DeleteJob", context)
        return empty_pb2.Empty()

    async def ListJobResults(self, request, context):
        await self.script.enter("ListJobResults", request, context)
        kind = self.script.jobs[request.parent].spec.WhichOneof("analysis")
        results = [
            job_pb2.JobResult(name=f"{request.parent}/results/{number}", **one)
            for number, one in enumerate(outcome(self.script, kind))
        ]
        return job_service_pb2.ListJobResultsResponse(results=results)

    async def ListDeadLetters(self, request, context):
        await self.script.enter("ListDeadLetters", request, context)
        letters = [job_pb2.DeadLetter(job=name, kind="detect_faces", attempt_count=3) for name in self.script.jobs]
        page, token = paged(letters, request.page_token)
        return job_service_pb2.ListDeadLettersResponse(dead_letters=page, next_page_token=token)

    async def ReplayDeadLetter(self, request, context):
        await self.script.enter("ReplayDeadLetter", request, context)
        return await self.job(request.job, context)

    async def ReplayDeadLetters(self, request, context):
        await self.script.enter("ReplayDeadLetters", request, context)
        page, token = paged(list(self.script.jobs), request.page_token)
        return job_service_pb2.ReplayDeadLettersResponse(jobs=page, next_page_token=token)


def outcome(script: Script, kind: str | None) -> list[dict[str, Message]]:
    """Give the results of a job by its kind; a video's are told in parts."""
    if script.given:
        return script.given
    if kind == "segment":
        return [{"segment": segmented(script)}]
    if kind == "detect_faces" and script.people_parts:
        return [{"detect_faces_video": part} for part in script.people_parts]
    if kind != "detect_objects":
        return [{"detect_faces": found(script)}]
    if script.video_parts:
        return [{"detect_objects_video": part} for part in script.video_parts]
    return [{"detect_objects": seen(script)}]
