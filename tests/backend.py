"""A gateway whose answers a test chooses: the real gRPC server and error chain, before methods that only record."""

# ruff: noqa: N802 - generated code names the methods
from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator
from typing import Any

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from opentelemetry.trace import NoOpTracerProvider

from sightline.common.rpc import RpcServer
from sightline.common.settings import RpcSettings
from sightline.common.telemetry import Metrics, Readiness
from sightline.v1 import (
    face_service_pb2,
    face_service_pb2_grpc,
    job_pb2,
    job_service_pb2,
    job_service_pb2_grpc,
    media_pb2,
    media_service_pb2_grpc,
    person_pb2,
    person_service_pb2,
    person_service_pb2_grpc,
    webhook_pb2,
    webhook_service_pb2,
    webhook_service_pb2_grpc,
)
from sightline.v1.face_pb2 import DetectFacesOptions

JOB_ID = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5"
JOB = f"jobs/{JOB_ID}"
MEDIA = f"media/{JOB_ID}"
PIECE_BYTES = 256 * 1024
Context = Any


class Backend:
    """What was asked, and what is to be answered.

    Attributes:
        requests: every decoded request, the latest last.
        metadata: the metadata of each, as the gateway sees it.
        failure: raised by every method while it is set.
        seconds: how long a method takes before it answers.
        events: what WatchJob tells, as (seconds to wait before, event or failure).
        file: what DownloadMedia sends.
        failure_in_file: raised in the middle of it.
        pieces: the sizes of the messages of the latest upload.
        left: set when a client has left a call.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.requests: list[Any] = []
        self.metadata: list[dict[str, str | bytes]] = []
        self.failure: Exception | None = None
        self.seconds = 0.0
        self.events: list[tuple[float, job_pb2.JobEvent | Exception]] = []
        self.file = b""
        self.file_type = "image/jpeg"
        self.file_headers: tuple[tuple[str, str], ...] = ()
        self.failure_in_file: Exception | None = None
        self.pieces: list[int] = []
        self.left = threading.Event()

    async def receive(self, request: Any, context: Context) -> None:
        """Write down a request; then wait or fail as the test wants it."""
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata() or ()))
        await self.wait(self.seconds)
        if self.failure:
            raise self.failure

    async def wait(self, seconds: float) -> None:
        """Take time, and notice when the client leaves meanwhile."""
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.left.set()
            raise

    @property
    def last(self) -> Any:
        """The latest request."""
        return self.requests[-1]


def a_job(**fields: Any) -> job_pb2.Job:
    """A job that waits."""
    spec = job_pb2.JobSpec(media=MEDIA, detect_faces=DetectFacesOptions())
    return job_pb2.Job(name=JOB, state=job_pb2.Job.STATE_QUEUED, spec=spec, **fields)


class Jobs(job_service_pb2_grpc.JobServiceServicer):
    """JobService that records."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def CreateJob(self, request: Any, context: Context) -> job_pb2.Job:
        await self._backend.receive(request, context)
        return a_job()

    async def GetJob(self, request: Any, context: Context) -> job_pb2.Job:
        await self._backend.receive(request, context)
        return a_job()

    async def CancelJob(self, request: Any, context: Context) -> job_pb2.Job:
        await self._backend.receive(request, context)
        return a_job()

    async def DeleteJob(self, request: Any, context: Context) -> Empty:
        await self._backend.receive(request, context)
        return Empty()

    async def ListJobs(self, request: Any, context: Context) -> job_service_pb2.ListJobsResponse:
        await self._backend.receive(request, context)
        return job_service_pb2.ListJobsResponse(jobs=[a_job()], next_page_token="next")

    async def BatchGetJobs(self, request: Any, context: Context) -> job_service_pb2.BatchGetJobsResponse:
        await self._backend.receive(request, context)
        return job_service_pb2.BatchGetJobsResponse(jobs=[a_job() for _ in request.names])

    async def WatchJob(self, request: Any, context: Context) -> AsyncIterator[job_pb2.JobEvent]:
        await self._backend.receive(request, context)
        for seconds, event in self._backend.events:
            await self._backend.wait(seconds)
            if isinstance(event, Exception):
                raise event
            yield event


class MediaFiles(media_service_pb2_grpc.MediaServiceServicer):
    """MediaService that keeps one file."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def UploadMedia(self, requests: Any, context: Context) -> media_pb2.Media:
        digest, pieces, first = hashlib.sha256(), [], None
        async for request in requests:
            first = first or request
            digest.update(request.content.data)
            pieces.append(len(request.content.data))
        self._backend.pieces = pieces
        await self._backend.receive(first, context)
        return media_pb2.Media(name=MEDIA, size_bytes=sum(pieces), sha256=digest.hexdigest())

    async def GetMedia(self, request: Any, context: Context) -> media_pb2.Media:
        await self._backend.receive(request, context)
        return media_pb2.Media(name=request.name, size_bytes=2**53 + 1)

    async def DownloadMedia(self, request: Any, context: Context) -> AsyncIterator[HttpBody]:
        backend = self._backend
        await backend.receive(request, context)
        size = ("x-content-length", str(len(backend.file)))
        await context.send_initial_metadata((size, *backend.file_headers))
        for start in range(0, len(backend.file), PIECE_BYTES):
            if start and backend.failure_in_file:
                raise backend.failure_in_file
            yield HttpBody(content_type=backend.file_type, data=backend.file[start : start + PIECE_BYTES])


class Faces(face_service_pb2_grpc.FaceServiceServicer):
    """FaceService that records."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def DetectFaces(self, request: Any, context: Context) -> face_service_pb2.DetectFacesResponse:
        await self._backend.receive(request, context)
        return face_service_pb2.DetectFacesResponse()


class Webhooks(webhook_service_pb2_grpc.WebhookServiceServicer):
    """WebhookService that records."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def CreateWebhook(self, request: Any, context: Context) -> webhook_pb2.Webhook:
        await self._backend.receive(request, context)
        return webhook_pb2.Webhook(name=f"webhooks/{JOB_ID}", secret="whsec_x", uri=request.webhook.uri)

    async def UpdateWebhook(self, request: Any, context: Context) -> webhook_pb2.Webhook:
        await self._backend.receive(request, context)
        return request.webhook

    async def ListWebhookDeliveries(
        self, request: Any, context: Context
    ) -> webhook_service_pb2.ListWebhookDeliveriesResponse:
        await self._backend.receive(request, context)
        return webhook_service_pb2.ListWebhookDeliveriesResponse()

    async def RedeliverWebhook(self, request: Any, context: Context) -> webhook_pb2.WebhookDelivery:
        await self._backend.receive(request, context)
        return webhook_pb2.WebhookDelivery(name=request.name)


class People(person_service_pb2_grpc.PersonServiceServicer):
    """PersonService that records."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def CreatePerson(self, request: Any, context: Context) -> person_pb2.Person:
        await self._backend.receive(request, context)
        return person_pb2.Person(name=f"persons/{JOB_ID}")

    async def UpdatePerson(self, request: Any, context: Context) -> person_pb2.Person:
        await self._backend.receive(request, context)
        return request.person

    async def ListPersons(self, request: Any, context: Context) -> person_service_pb2.ListPersonsResponse:
        await self._backend.receive(request, context)
        return person_service_pb2.ListPersonsResponse()

    async def DeletePerson(self, request: Any, context: Context) -> person_pb2.ErasureReceipt:
        await self._backend.receive(request, context)
        return person_pb2.ErasureReceipt(person=request.name, cause=person_pb2.ErasureReceipt.CAUSE_REQUEST)

    async def GetErasureReceipt(self, request: Any, context: Context) -> person_pb2.ErasureReceipt:
        await self._backend.receive(request, context)
        person = request.name.removesuffix("/erasureReceipt")
        return person_pb2.ErasureReceipt(person=person, cause=person_pb2.ErasureReceipt.CAUSE_REQUEST)

    async def AddFace(self, request: Any, context: Context) -> person_service_pb2.AddFaceResponse:
        await self._backend.receive(request, context)
        face = person_pb2.EnrolledFace(name=f"{request.person}/faces/{JOB_ID}")
        return person_service_pb2.AddFaceResponse(face=face)

    async def ListFaces(self, request: Any, context: Context) -> person_service_pb2.ListFacesResponse:
        await self._backend.receive(request, context)
        return person_service_pb2.ListFacesResponse()

    async def DeleteFace(self, request: Any, context: Context) -> Empty:
        await self._backend.receive(request, context)
        return Empty()

    async def SearchFaces(self, request: Any, context: Context) -> person_service_pb2.SearchFacesResponse:
        await self._backend.receive(request, context)
        return person_service_pb2.SearchFacesResponse()


def rpc_server(backend: Backend, port: int) -> RpcServer:
    """Make the server; the caller starts it."""
    settings = RpcSettings(port=port, drain_seconds=0.2)
    server = RpcServer(settings, Metrics(), NoOpTracerProvider(), Readiness({}))
    server.add(job_service_pb2_grpc.add_JobServiceServicer_to_server, Jobs(backend))
    server.add(media_service_pb2_grpc.add_MediaServiceServicer_to_server, MediaFiles(backend))
    server.add(webhook_service_pb2_grpc.add_WebhookServiceServicer_to_server, Webhooks(backend))
    server.add(face_service_pb2_grpc.add_FaceServiceServicer_to_server, Faces(backend))
    server.add(person_service_pb2_grpc.add_PersonServiceServicer_to_server, People(backend))
    return server
