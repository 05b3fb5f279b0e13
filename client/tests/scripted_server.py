# ruff: noqa: N802 - the methods are named by the contract
"""A gRPC server that answers from memory and fails where a test says so; it records every call."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
from google.api.httpbody_pb2 import HttpBody
from google.protobuf import any_pb2, empty_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from scripted_people import People

from sightline.v1 import (
    face_pb2,
    face_service_pb2,
    face_service_pb2_grpc,
    job_pb2,
    job_service_pb2,
    job_service_pb2_grpc,
    media_pb2,
    media_service_pb2,
    media_service_pb2_grpc,
    object_pb2,
    object_service_pb2,
    object_service_pb2_grpc,
    person_pb2,
    person_service_pb2_grpc,
    schedule_pb2,
    schedule_service_pb2,
    schedule_service_pb2_grpc,
    webhook_pb2,
    webhook_service_pb2,
    webhook_service_pb2_grpc,
)

PAGE = 2


def status(code: str, reason: str = "", message: str = "no", details: Iterable[Message] = ()) -> status_pb2.Status:
    """Make a google.rpc.Status as the gateway makes it."""
    packed = [any_pb2.Any()] if reason else []
    for target in packed:
        target.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="sightline.dev"))
    for detail in details:
        packed.append(any_pb2.Any())
        packed[-1].Pack(detail)
    return status_pb2.Status(code=code_pb2.Code.Value(code), message=message, details=packed)


def retry_in(seconds: float) -> error_details_pb2.RetryInfo:
    info = error_details_pb2.RetryInfo()
    info.retry_delay.FromNanoseconds(int(seconds * 1e9))
    return info


@dataclass
class Call:
    """One call that came in: the method's name, what was asked, and the metadata."""

    method: str
    request: Any
    metadata: dict[str, str]


@dataclass
class Script:
    """What the server knows, and how it is to fail.

    `faults[method]` holds statuses, one for each call from the next on; None lets a call through.
    `lost[method]` counts calls that are carried out, but whose answer is lost.
    """

    calls: list[Call] = field(default_factory=list)
    faults: defaultdict[str, deque[status_pb2.Status | None]] = field(default_factory=lambda: defaultdict(deque))
    lost: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    faces: list[face_pb2.Face] = field(default_factory=list)
    objects: list[object_pb2.DetectedObject] = field(default_factory=list)
    segments: list[object_pb2.Segment] = field(default_factory=list)
    video_parts: list[object_pb2.DetectObjectsVideoResult] = field(default_factory=list)
    people_parts: list[face_pb2.DetectFacesVideoResult] = field(default_factory=list)
    given: list[dict[str, Message]] = field(default_factory=list)
    similarity: float = 0.8
    jobs: dict[str, job_pb2.Job] = field(default_factory=dict)
    outcome: int = job_pb2.Job.STATE_SUCCEEDED
    events: int = 4
    cut_watch_after: deque[int] = field(default_factory=deque)
    hang_watch: bool = False
    error: status_pb2.Status | None = None
    media: dict[str, media_pb2.Media] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, bytearray] = field(default_factory=dict)
    cut_upload_at: deque[int] = field(default_factory=deque)
    cut_download_at: deque[int] = field(default_factory=deque)
    spoil_download: bool = False
    webhooks: dict[str, webhook_pb2.Webhook] = field(default_factory=dict)
    schedules: dict[str, schedule_pb2.Schedule] = field(default_factory=dict)
    deliveries: dict[str, webhook_pb2.WebhookDelivery] = field(default_factory=dict)
    persons: dict[str, person_pb2.Person] = field(default_factory=dict)
    enrolled: list[person_pb2.EnrolledFace] = field(default_factory=list)
    receipts: dict[str, person_pb2.ErasureReceipt] = field(default_factory=dict)
    outdated: int = 0
    serving: bool = True

    def named(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def fail(self, method: str, *statuses: status_pb2.Status | None) -> None:
        self.faults[method].extend(statuses)

    async def enter(self, method: str, request: Any, context: Any) -> None:
        """Record a call, and fail it if the script says so."""
        self.calls.append(Call(method, request, dict(context.invocation_metadata())))
        if self.faults[method] and (fault := self.faults[method].popleft()) is not None:
            await abort(context, fault)

    async def leave(self, method: str, context: Any) -> None:
        """Lose the answer of a call that was carried out, if the script says so."""
        if self.lost[method]:
            self.lost[method] -= 1
            await abort(context, status("UNAVAILABLE", "DRAINING"))


async def abort(context: Any, fault: status_pb2.Status) -> None:
    code = next(c for c in grpc.StatusCode if c.value[0] == fault.code)
    trailers = (("grpc-status-details-bin", fault.SerializeToString()), ("x-request-id", "r-1"))
    await context.abort(code, fault.message, trailing_metadata=trailers)


async def not_found(context: Any, name: str) -> None:
    await abort(context, status("NOT_FOUND", "NOT_FOUND", f"{name} was not found"))


class Faces(face_service_pb2_grpc.FaceServiceServicer):
    def __init__(self, script: Script) -> None:
        self.script = script

    async def DetectFaces(self, request, context):
        await self.script.enter("DetectFaces", request, context)
        return face_service_pb2.DetectFacesResponse(result=found(self.script))

    async def EmbedFaces(self, request, context):
        await self.script.enter("EmbedFaces", request, context)
        return face_service_pb2.EmbedFacesResponse(result=found(self.script))

    async def CompareFaces(self, request, context):
        await self.script.enter("CompareFaces", request, context)
        threshold = request.threshold if request.HasField("threshold") else 0.4
        similarity = self.script.similarity
        return face_service_pb2.CompareFacesResponse(
            similarity=similarity, threshold=threshold, same_person=similarity >= threshold
        )


def found(script: Script) -> face_pb2.DetectFacesResult:
    return face_pb2.DetectFacesResult(faces=script.faces, image_size={"width_px": 200, "height_px": 100})


class Objects(object_service_pb2_grpc.ObjectServiceServicer):
    def __init__(self, script: Script) -> None:
        self.script = script

    async def DetectObjects(self, request, context):
        await self.script.enter("DetectObjects", request, context)
        return object_service_pb2.DetectObjectsResponse(result=seen(self.script))

    async def SegmentImage(self, request, context):
        await self.script.enter("SegmentImage", request, context)
        return object_service_pb2.SegmentImageResponse(result=segmented(self.script))

    async def ListModels(self, request, context):
        await self.script.enter("ListModels", request, context)
        page, token = paged([{"name": name} for name in ("cells", "people", "spheroids")], request.page_token)
        return object_service_pb2.ListModelsResponse(models=page, next_page_token=token)


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


def seen(script: Script) -> object_pb2.DetectObjectsResult:
    return object_pb2.DetectObjectsResult(objects=script.objects, image_size={"width_px": 200, "height_px": 100})


def segmented(script: Script) -> object_pb2.SegmentResult:
    return object_pb2.SegmentResult(segments=script.segments, image_size={"width_px": 200, "height_px": 100})


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


def paged(items: list[Any], token: str) -> tuple[list[Any], str]:
    start = int(token or 0)
    return items[start : start + PAGE], str(start + PAGE) if start + PAGE < len(items) else ""


class Media(media_service_pb2_grpc.MediaServiceServicer):
    def __init__(self, script: Script) -> None:
        self.script = script

    async def UploadMedia(self, requests, context):
        first, part = None, bytearray()
        cut = self.script.cut_upload_at.popleft() if self.script.cut_upload_at else None
        async for request in requests:
            if first is None:
                first = request
                await self.script.enter("UploadMedia", request, context)
                part = self.script.parts.setdefault(request.upload_id, bytearray())
                if request.offset_bytes != len(part):
                    await abort(context, status("OUT_OF_RANGE", "UPLOAD_OFFSET_MISMATCH"))
            part += request.content.data
            if cut is not None and len(part) >= cut:
                del part[cut:]
                await abort(context, status("UNAVAILABLE", "DRAINING"))
        media = self.store(first, bytes(part))
        await self.script.leave("UploadMedia", context)
        return media

    def store(self, first: media_service_pb2.UploadMediaRequest, blob: bytes) -> media_pb2.Media:
        digest = hashlib.sha256(blob).hexdigest()
        assert digest == first.sha256, "the bytes are not those that were announced"
        assert len(blob) == first.size_bytes
        name = f"media/{uuid.uuid5(uuid.NAMESPACE_OID, first.upload_id)}"
        self.script.blobs[name] = blob
        self.script.media[name] = media_pb2.Media(
            name=name, display_name=first.display_name, size_bytes=len(blob), sha256=digest
        )
        return self.script.media[name]

    async def GetUpload(self, request, context):
        await self.script.enter("GetUpload", request, context)
        upload_id = request.name.removeprefix("uploads/")
        if upload_id not in self.script.parts:
            await not_found(context, request.name)
        name = f"media/{uuid.uuid5(uuid.NAMESPACE_OID, upload_id)}"
        return media_pb2.Upload(
            name=request.name,
            received_bytes=len(self.script.parts[upload_id]),
            media=name if name in self.script.media else "",
        )

    async def ImportMedia(self, request, context):
        await self.script.enter("ImportMedia", request, context)
        return media_pb2.Media(name=f"media/{uuid.uuid4()}", display_name=request.display_name)

    async def GetMedia(self, request, context):
        await self.script.enter("GetMedia", request, context)
        if request.name not in self.script.media:
            await not_found(context, request.name)
        return self.script.media[request.name]

    async def ListMedia(self, request, context):
        await self.script.enter("ListMedia", request, context)
        page, token = paged(list(self.script.media.values()), request.page_token)
        return media_service_pb2.ListMediaResponse(media=page, next_page_token=token)

    async def DownloadMedia(self, request, context) -> AsyncIterator[HttpBody]:
        await self.script.enter("DownloadMedia", request, context)
        blob = self.script.blobs[request.name]
        cut = self.script.cut_download_at.popleft() if self.script.cut_download_at else None
        for at in range(0, len(blob), 1000):
            if cut is not None and at >= cut:
                await abort(context, status("UNAVAILABLE", "DRAINING"))
            yield HttpBody(data=b"?" * 1000 if self.script.spoil_download else blob[at : at + 1000])

    async def DeleteMedia(self, request, context):
        await self.script.enter("DeleteMedia", request, context)
        if self.script.media.pop(request.name, None) is None:
            await not_found(context, request.name)
        await self.script.leave("DeleteMedia", context)
        return empty_pb2.Empty()


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


class Webhooks(webhook_service_pb2_grpc.WebhookServiceServicer):
    def __init__(self, script: Script) -> None:
        self.script = script

    async def webhook(self, name: str, context: Any) -> webhook_pb2.Webhook:
        if name not in self.script.webhooks:
            await not_found(context, name)
        return self.script.webhooks[name]

    async def CreateWebhook(self, request, context):
        await self.script.enter("CreateWebhook", request, context)
        name = f"webhooks/{uuid.uuid5(uuid.NAMESPACE_OID, request.request_id)}"
        made = webhook_pb2.Webhook(name=name)
        made.MergeFrom(request.webhook)
        self.script.webhooks[name] = made
        await self.script.leave("CreateWebhook", context)
        shown = webhook_pb2.Webhook(secret="whsec_c2VjcmV0")
        shown.MergeFrom(made)
        return shown

    async def GetWebhook(self, request, context):
        await self.script.enter("GetWebhook", request, context)
        return await self.webhook(request.name, context)

    async def ListWebhooks(self, request, context):
        await self.script.enter("ListWebhooks", request, context)
        page, token = paged(list(self.script.webhooks.values()), request.page_token)
        return webhook_service_pb2.ListWebhooksResponse(webhooks=page, next_page_token=token)

    async def UpdateWebhook(self, request, context):
        await self.script.enter("UpdateWebhook", request, context)
        changed = await self.webhook(request.webhook.name, context)
        for path in request.update_mask.paths:
            changed.ClearField(path)
        changed.MergeFrom(request.webhook)
        return changed

    async def DeleteWebhook(self, request, context):
        await self.script.enter("DeleteWebhook", request, context)
        await self.webhook(request.name, context)
        del self.script.webhooks[request.name]
        return empty_pb2.Empty()

    async def TestWebhook(self, request, context):
        await self.script.enter("TestWebhook", request, context)
        await self.webhook(request.name, context)
        name = f"{request.name}/deliveries/{uuid.uuid4()}"
        dead = webhook_pb2.WebhookDelivery.STATE_DEAD
        self.script.deliveries[name] = webhook_pb2.WebhookDelivery(
            name=name, event="webhook.test", state=dead, attempt_count=17, status_code=500, error_message="status 500"
        )
        return self.script.deliveries[name]

    async def ListWebhookDeliveries(self, request, context):
        await self.script.enter("ListWebhookDeliveries", request, context)
        wanted = [one for one in self.script.deliveries.values() if request.state in (0, one.state)]
        page, token = paged(wanted, request.page_token)
        return webhook_service_pb2.ListWebhookDeliveriesResponse(deliveries=page, next_page_token=token)

    async def GetWebhookDelivery(self, request, context):
        await self.script.enter("GetWebhookDelivery", request, context)
        return self.script.deliveries[request.name]

    async def RedeliverWebhook(self, request, context):
        await self.script.enter("RedeliverWebhook", request, context)
        if request.name not in self.script.deliveries:
            await not_found(context, request.name)
        self.script.deliveries[request.name].state = webhook_pb2.WebhookDelivery.STATE_PENDING
        return self.script.deliveries[request.name]


class Health(health_pb2_grpc.HealthServicer):
    def __init__(self, script: Script) -> None:
        self.script = script

    async def Check(self, request, context):
        await self.script.enter("Check", request, context)
        answers = health_pb2.HealthCheckResponse
        return answers(status=answers.SERVING if self.script.serving else answers.NOT_SERVING)


def server(
    script: Script, credentials: grpc.ServerCredentials | None = None, port: int = 0
) -> tuple[grpc.aio.Server, int]:
    """Make a server on a port of this machine; 0 takes a free one."""
    made = grpc.aio.server()
    face_service_pb2_grpc.add_FaceServiceServicer_to_server(Faces(script), made)
    object_service_pb2_grpc.add_ObjectServiceServicer_to_server(Objects(script), made)
    job_service_pb2_grpc.add_JobServiceServicer_to_server(Jobs(script), made)
    media_service_pb2_grpc.add_MediaServiceServicer_to_server(Media(script), made)
    schedule_service_pb2_grpc.add_ScheduleServiceServicer_to_server(Schedules(script), made)
    webhook_service_pb2_grpc.add_WebhookServiceServicer_to_server(Webhooks(script), made)
    person_service_pb2_grpc.add_PersonServiceServicer_to_server(People(script, paged, not_found), made)
    health_pb2_grpc.add_HealthServicer_to_server(Health(script), made)
    if credentials:
        return made, made.add_secure_port(f"127.0.0.1:{port}", credentials)
    return made, made.add_insecure_port(f"127.0.0.1:{port}")
