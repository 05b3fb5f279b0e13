from __future__ import annotations

import grpc
import pytest
from google.api import httpbody_pb2
from google.protobuf.message import Message

from sightline.common.errors import InvalidRequest
from sightline.common.rpc import validate
from sightline.v1 import (
    job_pb2,
    job_service_pb2,
    job_service_pb2_grpc,
    media_pb2,
    media_service_pb2,
    media_service_pb2_grpc,
)

MEDIA = "media/01933b6e-0000-7000-8000-000000000000"


def job_request(**options: object) -> job_service_pb2.CreateJobRequest:
    return job_service_pb2.CreateJobRequest(job={"spec": {"media": MEDIA, "detect_faces": options}})


class Jobs(job_service_pb2_grpc.JobServiceServicer):
    def __init__(self) -> None:
        self.seen: list[Message] = []

    async def CreateJob(self, request, context):  # noqa: N802
        self.seen.append(request)
        return job_pb2.Job(name="jobs/1")

    async def BatchCreateJobs(self, request, context):  # noqa: N802
        self.seen.append(request)
        return job_service_pb2.BatchCreateJobsResponse()

    async def WatchJob(self, request, context):  # noqa: N802
        self.seen.append(request)
        yield job_pb2.JobEvent(sequence=1)


class Media(media_service_pb2_grpc.MediaServiceServicer):
    def __init__(self) -> None:
        self.received = b""

    async def UploadMedia(self, request_iterator, context):  # noqa: N802
        async for request in request_iterator:
            self.received += request.content.data
        return media_pb2.Media(name="media/1")


@pytest.fixture
async def jobs(rig):
    servicer = Jobs()
    server = rig.server()
    server.add(job_service_pb2_grpc.add_JobServiceServicer_to_server, servicer, unvalidated=["BatchCreateJobs"])
    stub = job_service_pb2_grpc.JobServiceStub(await rig.start(server))
    return servicer, stub


async def test_a_request_that_keeps_the_rules_reaches_the_servicer(jobs):
    servicer, stub = jobs
    assert (await stub.CreateJob(job_request(max_faces=3))).name == "jobs/1"
    assert servicer.seen == [job_request(max_faces=3)]


async def test_the_broken_rule_names_the_path_of_its_field(jobs, details_of):
    servicer, stub = jobs
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.CreateJob(job_request(max_faces=1001))
    fields = [one.field for one in details_of(raised.value)["BadRequest"].field_violations]
    assert fields == ["job.spec.detect_faces.max_faces"]
    assert "job.spec.detect_faces.max_faces" in raised.value.details()
    assert servicer.seen == []


async def test_all_broken_rules_are_told_at_once(jobs, details_of):
    _, stub = jobs
    request = job_request(max_faces=-1, min_score=2.0)
    request.request_id = "no uuid"
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.CreateJob(request)
    fields = {one.field for one in details_of(raised.value)["BadRequest"].field_violations}
    assert fields == {"job.spec.detect_faces.max_faces", "job.spec.detect_faces.min_score", "request_id"}


async def test_bytes_that_are_no_message_are_an_invalid_request(rig, jobs, details_of):
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await rig.last_channel.unary_unary("/sightline.v1.JobService/CreateJob")(b"\xff\xff\xff")
    assert details_of(raised.value)["ErrorInfo"].reason == "INVALID_ARGUMENT"


async def test_a_request_for_a_stream_is_checked_before_it_begins(jobs, details_of):
    servicer, stub = jobs
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        _ = [event async for event in stub.WatchJob(job_service_pb2.WatchJobRequest(name="no/job"))]
    assert details_of(raised.value)["BadRequest"].field_violations[0].field == "name"
    assert servicer.seen == []


async def test_each_message_of_a_client_stream_is_checked(rig, details_of):
    servicer = Media()
    server = rig.server()
    server.add(media_service_pb2_grpc.add_MediaServiceServicer_to_server, servicer)
    stub = media_service_pb2_grpc.MediaServiceStub(await rig.start(server))
    good = media_service_pb2.UploadMediaRequest(content=httpbody_pb2.HttpBody(data=b"abc"))
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.UploadMedia(iter([good, media_service_pb2.UploadMediaRequest(offset_bytes=-1)]))
    assert details_of(raised.value)["BadRequest"].field_violations[0].field == "offset_bytes"
    assert servicer.received == b"abc"
    assert (await stub.UploadMedia(iter([good, good]))).name == "media/1"


async def test_a_batch_that_reports_per_item_checks_its_items_itself(jobs):
    servicer, stub = jobs
    batch = job_service_pb2.BatchCreateJobsRequest(requests=[job_request(), job_request(max_faces=-1)])
    await stub.BatchCreateJobs(batch)
    good, bad = servicer.seen[0].requests
    validate(good)
    with pytest.raises(InvalidRequest):
        validate(bad)


def test_items_and_map_entries_are_named_by_their_subscript():
    batch = job_service_pb2.BatchCreateJobsRequest(requests=[job_request(), job_request(max_faces=-1)])
    with pytest.raises(InvalidRequest) as raised:
        validate(batch)
    assert raised.value.violations[0].field == "requests[1].job.spec.detect_faces.max_faces"
    request = job_request()
    request.job.labels["BAD KEY"] = "x"
    with pytest.raises(InvalidRequest) as raised:
        validate(request)
    assert raised.value.violations[0].field == 'job.labels["BAD KEY"]'
