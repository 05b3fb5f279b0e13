"""Bad input gets a clear, typed error in gRPC and in REST, in under a second, and memory does not grow."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import grpc
import httpx
import psutil
import pytest
from refusals import grpc_reason, rest_reason
from servers import System

from sightline.v1 import (
    face_service_pb2,
    face_service_pb2_grpc,
    job_service_pb2,
    job_service_pb2_grpc,
    media_service_pb2,
    media_service_pb2_grpc,
)
from sightline.v1.image_pb2 import ImageSource
from sightline.v1.job_pb2 import Job, JobSpec

Credentials = list[tuple[str, str]]
PROMPT_SECONDS = 1.0
BAD = ("a text file", "a picture of 1 x 1", "a truncated JPEG", "a PNG header of 30,000 x 30,000", "nothing")


@contextmanager
def prompt() -> Iterator[None]:
    """Fail when the block takes as long as no refusal may."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < PROMPT_SECONDS


@pytest.mark.parametrize("name", BAD)
def test_a_bad_picture_is_refused_by_every_way_in(
    name: str,
    bad_pictures: dict[str, tuple[bytes, str]],
    rest: httpx.Client,
    channel: grpc.Channel,
    credentials: Credentials,
) -> None:
    data, reason = bad_pictures[name]
    faces = face_service_pb2_grpc.FaceServiceStub(channel)
    media = media_service_pb2_grpc.MediaServiceStub(channel)
    asked = face_service_pb2.DetectFacesRequest(image=ImageSource(content=data))
    piece = media_service_pb2.UploadMediaRequest(display_name="holiday.jpg")
    piece.content.data = data
    with prompt():
        assert grpc_reason(lambda: faces.DetectFaces(asked, metadata=credentials)) == reason
    with prompt():
        assert grpc_reason(lambda: media.UploadMedia(iter([piece]), metadata=credentials)) == reason
    with prompt():
        encoded = base64.b64encode(data).decode()
        answer = rest.post("/v1/faces:detect", json={"image": {"content": encoded}})
    assert (answer.status_code, rest_reason(answer.json()["details"])) == (400, reason)
    with prompt():
        answer = rest.post("/v1/media", params={"display_name": "holiday.jpg"}, content=data)
    assert (answer.status_code, rest_reason(answer.json()["details"])) == (400, reason)


@pytest.mark.parametrize("key", ["", "wrong", "sl_00000000000000000000000000000000_guess"])
def test_a_wrong_key_is_refused(key: str, system: System, channel: grpc.Channel) -> None:
    jobs = job_service_pb2_grpc.JobServiceStub(channel)
    with prompt():
        metadata = [("authorization", f"Bearer {key}")]
        request = job_service_pb2.ListJobsRequest()
        assert grpc_reason(lambda: jobs.ListJobs(request, metadata=metadata)) == "UNAUTHENTICATED"
    with prompt():
        headers = {"authorization": f"Bearer {key}".strip()}
        answer = httpx.get(f"{system.addresses.server}/v1/jobs", headers=headers, trust_env=False)
    assert (answer.status_code, rest_reason(answer.json()["details"])) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("name", [f"jobs/{uuid4()}", "jobs/nonsense", f"jobs/{uuid4()}x"])
def test_an_unknown_job_is_not_found(
    name: str, rest: httpx.Client, channel: grpc.Channel, credentials: Credentials
) -> None:
    jobs = job_service_pb2_grpc.JobServiceStub(channel)
    for call in (
        lambda: jobs.GetJob(job_service_pb2.GetJobRequest(name=name), metadata=credentials),
        lambda: jobs.CancelJob(job_service_pb2.CancelJobRequest(name=name), metadata=credentials),
        lambda: jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=name), metadata=credentials),
        lambda: list(jobs.WatchJob(job_service_pb2.WatchJobRequest(name=name), metadata=credentials)),
        lambda: jobs.ListJobResults(job_service_pb2.ListJobResultsRequest(parent=name), metadata=credentials),
    ):
        with prompt():
            assert grpc_reason(call) == "NOT_FOUND"
    for method, path in (("GET", ""), ("POST", ":cancel"), ("DELETE", ""), ("GET", ":watch"), ("GET", "/results")):
        with prompt():
            answer = rest.request(method, f"/v1/{name}{path}", json={} if method == "POST" else None)
        assert (answer.status_code, rest_reason(_body(answer)["details"])) == (404, "NOT_FOUND")


def test_a_page_token_from_nowhere_is_refused(
    rest: httpx.Client, channel: grpc.Channel, credentials: Credentials
) -> None:
    jobs = job_service_pb2_grpc.JobServiceStub(channel)
    for token in ("from nowhere", "AAAA", "a" * 5000):
        with prompt():
            request = job_service_pb2.ListJobsRequest(page_token=token)
            assert grpc_reason(lambda: jobs.ListJobs(request, metadata=credentials)) == "INVALID_PAGE_TOKEN"  # noqa: B023
        with prompt():
            answer = rest.get("/v1/jobs", params={"page_token": token})
        assert (answer.status_code, rest_reason(answer.json()["details"])) == (400, "INVALID_PAGE_TOKEN")


def test_a_field_out_of_range_is_named(rest: httpx.Client, channel: grpc.Channel, credentials: Credentials) -> None:
    jobs = job_service_pb2_grpc.JobServiceStub(channel)
    spec = JobSpec(media=f"media/{uuid4()}", detect_faces={"max_faces": 5000})
    request = job_service_pb2.CreateJobRequest(job=Job(spec=spec, priority=11))
    with prompt():
        assert grpc_reason(lambda: jobs.CreateJob(request, metadata=credentials)) == "INVALID_ARGUMENT"
    body = {"spec": {"media": f"media/{uuid4()}", "detectFaces": {"maxFaces": 5000}}, "priority": 11}
    with prompt():
        answer = rest.post("/v1/jobs", json=body)
    assert answer.status_code == 400
    (bad,) = [one for one in answer.json()["details"] if one["@type"].endswith("BadRequest")]
    fields = {violation["field"] for violation in bad["fieldViolations"]}
    assert fields == {"job.priority", "job.spec.detect_faces.max_faces"}


def test_memory_does_not_grow_under_bad_input(
    system: System,
    rest: httpx.Client,
    channel: grpc.Channel,
    credentials: Credentials,
    bad_pictures: dict[str, tuple[bytes, str]],
) -> None:
    faces = face_service_pb2_grpc.FaceServiceStub(channel)

    def send(rounds: int) -> None:
        for _ in range(rounds):
            for data, _ in bad_pictures.values():
                asked = face_service_pb2.DetectFacesRequest(image=ImageSource(content=data))
                with pytest.raises(grpc.RpcError):
                    faces.DetectFaces(asked, metadata=credentials)
                assert rest.post("/v1/media", content=data).status_code == 400

    send(20)
    before = {name: _resident_bytes(system, name) for name in ("gateway", "face")}
    send(60)
    for name, was in before.items():
        grown = _resident_bytes(system, name) - was
        assert grown < 12 * 2**20, f"{name} grew by {grown / 2**20:.1f} MiB"


def _resident_bytes(system: System, name: str) -> int:
    return int(psutil.Process(system.pids[name]).memory_info().rss)


def _body(answer: httpx.Response) -> dict[str, list[dict[str, object]]]:
    """Read a REST error, which a watched job may send as an event or as an array."""
    text = answer.text.strip().removeprefix("data:").strip()
    decoded = json.loads(text)
    body = decoded[0] if isinstance(decoded, list) else decoded
    return dict(body)
