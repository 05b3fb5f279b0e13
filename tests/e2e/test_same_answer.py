"""Reflection, a plain grpcio client, our own client and plain HTTP do the same job and get the same answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc
import httpx
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from sightline.client import Sightline
from sightline.v1 import job_service_pb2, job_service_pb2_grpc, media_service_pb2, media_service_pb2_grpc
from sightline.v1.face_pb2 import DetectFacesResult
from sightline.v1.job_pb2 import Job, JobSpec

Credentials = list[tuple[str, str]]


def test_four_kinds_of_client_get_the_same_faces_of_the_same_picture(
    sightline: Sightline, rest: httpx.Client, channel: grpc.Channel, credentials: Credentials, newton: Path
) -> None:
    answers = {
        "our client": _by_our_client(sightline, newton),
        "plain grpcio": _by_grpcio(channel, credentials, newton),
        "reflection": _by_reflection(channel, credentials, newton, sightline),
        "plain HTTP": _by_http(rest, newton),
    }
    first = answers["our client"]
    assert len(first["faces"]) == 1
    assert all(answer == first for answer in answers.values()), answers


def test_a_job_finds_at_least_27_of_the_29_faces_of_the_group_photograph(sightline: Sightline, solvay: Path) -> None:
    job = sightline.jobs.detect_faces(solvay, embeddings=True, wait=True)
    (result,) = sightline.jobs.results(job)
    faces = result.detect_faces.faces
    assert 27 <= len(faces) <= 29
    assert all(len(face.embedding.values) == 512 for face in faces)
    assert all(face.landmarks.nose.x > 0 for face in faces)


def _by_our_client(sightline: Sightline, picture: Path) -> dict[str, Any]:
    job = sightline.jobs.detect_faces(picture, force=True, wait=True)
    (result,) = sightline.jobs.results(job)
    return _plain(result.detect_faces)


def _by_grpcio(channel: grpc.Channel, credentials: Credentials, picture: Path) -> dict[str, Any]:
    media = media_service_pb2_grpc.MediaServiceStub(channel)
    piece = media_service_pb2.UploadMediaRequest(display_name="newton.jpg")
    piece.content.data = picture.read_bytes()
    uploaded = media.UploadMedia(iter([piece]), metadata=credentials)
    jobs = job_service_pb2_grpc.JobServiceStub(channel)
    spec = JobSpec(media=uploaded.name, detect_faces={})
    created = jobs.CreateJob(job_service_pb2.CreateJobRequest(job=Job(spec=spec), force=True), metadata=credentials)
    events = jobs.WatchJob(job_service_pb2.WatchJobRequest(name=created.name), metadata=credentials)
    last = list(events)[-1].job
    assert last.state == Job.STATE_SUCCEEDED
    page = jobs.ListJobResults(job_service_pb2.ListJobResultsRequest(parent=created.name), metadata=credentials)
    return _plain(page.results[0].detect_faces)


def _by_reflection(
    channel: grpc.Channel, credentials: Credentials, picture: Path, sightline: Sightline
) -> dict[str, Any]:
    """Know nothing but the address: learn the contract from the server, as grpcurl does."""
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    service = pool.FindServiceByName("sightline.v1.JobService")

    def call(method: str, **fields: Any) -> Any:
        found = service.methods_by_name[method]
        request = json_format.ParseDict(fields, GetMessageClass(found.input_type)(), descriptor_pool=pool)
        invoke = channel.unary_unary(
            f"/sightline.v1.JobService/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(found.output_type).FromString,
        )
        return invoke(request, metadata=credentials)

    media = sightline.media.upload(picture)
    job = call("CreateJob", job={"spec": {"media": media.name, "detectFaces": {}}}, force=True)
    sightline.jobs.wait(job.name)
    page = call("ListJobResults", parent=job.name)
    return _plain(page.results[0].detect_faces)


def _by_http(rest: httpx.Client, picture: Path) -> dict[str, Any]:
    media = rest.post("/v1/media", params={"display_name": "newton.jpg"}, content=picture.read_bytes()).json()
    spec = {"media": media["name"], "detectFaces": {}}
    job = rest.post("/v1/jobs", params={"force": "true"}, json={"spec": spec}).json()
    with rest.stream("GET", f"/v1/{job['name']}:watch") as events:
        lines = [line for line in events.iter_lines() if line.startswith("data:")]
    assert json.loads(lines[-1].removeprefix("data:"))["job"]["state"] == "STATE_SUCCEEDED"
    page = rest.get(f"/v1/{job['name']}/results").json()
    # JSON writes floats in its own way: read as a message they must be the same ones.
    return _plain(json_format.ParseDict(page["results"][0]["detectFaces"], DetectFacesResult()))


def _plain(message: Any) -> dict[str, Any]:
    return json_format.MessageToDict(message)
