"""gRPC through the same port: native, with reflection and health, and gRPC-Web framed by hand."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from backend import JOB, JOB_ID, Backend, a_job
from edges import Edge, OpenEdge
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

from sightline.common.errors import NotFound, Reason, SightlineError
from sightline.standalone.ports import Ports
from sightline.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc

GET = "/sightline.v1.JobService/GetJob"
REQUEST = job_service_pb2.GetJobRequest(name=JOB)


@pytest.fixture
def channel(edge: Edge, backend: Backend) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(edge.target) as opened:
        yield opened


def error_info(error: Any) -> error_details_pb2.ErrorInfo:
    status = rpc_status.from_call(error)
    assert status is not None
    (info,) = [d for d in status.details if d.Is(error_details_pb2.ErrorInfo.DESCRIPTOR)]
    unpacked = error_details_pb2.ErrorInfo()
    info.Unpack(unpacked)
    return unpacked


def test_a_plain_client_gets_what_rest_gets(channel: grpc.Channel, rest: httpx.Client) -> None:
    job = job_service_pb2_grpc.JobServiceStub(channel).GetJob(REQUEST)
    assert job.name == rest.get(f"/v1/{JOB}").json()["name"]


def test_a_stream_arrives_message_by_message(channel: grpc.Channel, backend: Backend) -> None:
    backend.events = [(0.1, job_pb2.JobEvent(sequence=n, job=a_job())) for n in (1, 2)]
    stub = job_service_pb2_grpc.JobServiceStub(channel)
    told = stub.WatchJob(job_service_pb2.WatchJobRequest(name=JOB))
    assert [event.sequence for event in told] == [1, 2]


def test_errors_keep_their_details(channel: grpc.Channel, backend: Backend) -> None:
    backend.failure = NotFound(JOB)
    with pytest.raises(grpc.RpcError) as raised:
        job_service_pb2_grpc.JobServiceStub(channel).GetJob(REQUEST)
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND
    assert error_info(raised.value).reason == "NOT_FOUND"


def test_the_deadline_of_the_client_is_passed_on(channel: grpc.Channel, backend: Backend) -> None:
    backend.seconds = 60
    with pytest.raises(grpc.RpcError) as raised:
        job_service_pb2_grpc.JobServiceStub(channel).GetJob(REQUEST, timeout=0.5)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert backend.left.wait(2)
    assert "grpc-timeout" not in backend.metadata[-1]  # taken by gRPC itself


def test_a_method_that_is_not_public_does_not_exist(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        channel.unary_unary("/externalscaler.ExternalScaler/IsActive", None, None)(b"")
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert error_info(raised.value).reason == "METHOD_NOT_FOUND"


def test_a_gateway_that_is_away_has_a_reason_in_grpc_too(open_edge: OpenEdge, ports: Ports, backend: Backend) -> None:
    lonely = open_edge(gateway_port=ports.take())
    with grpc.insecure_channel(lonely.target) as opened, pytest.raises(grpc.RpcError) as raised:
        job_service_pb2_grpc.JobServiceStub(opened).GetJob(REQUEST)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    assert error_info(raised.value).reason == "SERVICE_UNAVAILABLE"


def test_reflection_lists_the_services(channel: grpc.Channel) -> None:
    services = ProtoReflectionDescriptorDatabase(channel).get_services()
    assert "sightline.v1.JobService" in services


def test_health_is_answered_by_the_gateway(channel: grpc.Channel) -> None:
    answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def web_frames(body: bytes) -> tuple[list[bytes], dict[str, str]]:
    """Take a gRPC-Web answer apart: messages, then trailers in a frame whose first bit is set."""
    messages, trailers, at = [], {}, 0
    while at < len(body):
        flag, size = struct.unpack_from(">BI", body, at)
        data = body[at + 5 : at + 5 + size]
        at += 5 + size
        if flag & 0x80:
            trailers = dict(line.split(":", 1) for line in data.decode().strip().split("\r\n"))
        else:
            messages.append(data)
    return messages, trailers


def from_base64(text: bytes) -> bytes:
    """Decode the answer of grpc-web-text: pieces that are each padded on their own."""
    return b"".join(base64.b64decode(piece) for piece in re.findall(rb"[^=]+=*", text))


@pytest.mark.parametrize("text", [False, True], ids=["binary", "base64"])
def test_a_browser_calls_by_grpc_web(rest: httpx.Client, backend: Backend, text: bool) -> None:
    message = REQUEST.SerializeToString()
    frame = struct.pack(">BI", 0, len(message)) + message
    kind = "application/grpc-web-text" if text else "application/grpc-web+proto"
    body = base64.b64encode(frame) if text else frame
    answer = rest.post(GET, content=body, headers={"content-type": kind, "accept": kind, "x-grpc-web": "1"})
    assert answer.status_code == 200
    content = from_base64(answer.content) if text else answer.content
    (job,), trailers = web_frames(content)
    assert job_pb2.Job.FromString(job).name == f"jobs/{JOB_ID}"
    assert trailers["grpc-status"].strip() == "0"


def test_an_error_reaches_grpc_web_with_its_details(rest: httpx.Client, backend: Backend) -> None:
    backend.failure = SightlineError(Reason.QUOTA_EXCEEDED, "Enough")
    message = REQUEST.SerializeToString()
    kind = "application/grpc-web+proto"
    frame = struct.pack(">BI", 0, len(message)) + message
    answer = rest.post(GET, content=frame, headers={"content-type": kind})
    assert answer.headers["grpc-status"] == "8"
    assert b"QUOTA_EXCEEDED" in base64.b64decode(answer.headers["grpc-status-details-bin"] + "==")
