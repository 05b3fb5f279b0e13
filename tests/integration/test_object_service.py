"""The object service as everybody reaches it: through the gateway, by calls and by jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from hostile import HOSTILE
from servers import System
from things import passing, person, rounds

from sightline.client import InvalidRequest, JobFailed, Sightline
from sightline.v1 import object_service_pb2_grpc
from sightline.v1.image_pb2 import ImageSource
from sightline.v1.job_pb2 import JobSpec
from sightline.v1.object_pb2 import DetectObjectsOptions, ObjectVideoOptions, SegmentOptions
from sightline.v1.object_service_pb2 import DetectObjectsRequest, ListModelsRequest, SegmentImageRequest


@pytest.fixture(scope="module")
def photograph() -> bytes:
    """A woman in a space suit, 512 x 512."""
    return cv2.imencode(".png", person())[1].tobytes()


@pytest.fixture
def sightline(system: System) -> Iterator[Sightline]:
    with Sightline(system.addresses.server, system.key) as client:
        yield client


@pytest.fixture
def objects(sightline: Sightline) -> object_service_pb2_grpc.ObjectServiceStub:
    return object_service_pb2_grpc.ObjectServiceStub(sightline._calls.channel)


def test_a_call_finds_a_person(
    sightline: Sightline, objects: object_service_pb2_grpc.ObjectServiceStub, photograph: bytes
) -> None:
    request = DetectObjectsRequest(image=ImageSource(content=photograph))
    result = sightline._calls.unary(objects.DetectObjects, request, None).result
    assert result.objects[0].class_name == "Normal"
    assert (result.image_size.width_px, result.model.name) == (512, "people-falls")


def test_a_job_finds_what_a_call_finds(
    sightline: Sightline, objects: object_service_pb2_grpc.ObjectServiceStub, photograph: bytes
) -> None:
    request = DetectObjectsRequest(image=ImageSource(content=photograph))
    called = sightline._calls.unary(objects.DetectObjects, request, None).result
    media = sightline.media.upload(photograph)
    job = sightline.jobs.create(JobSpec(media=media.name, detect_objects=DetectObjectsOptions()))
    sightline.jobs.wait(job)
    (result,) = sightline.jobs.results(job)
    assert result.detect_objects == called


def test_an_unknown_class_is_refused_with_those_that_are_known(
    sightline: Sightline, objects: object_service_pb2_grpc.ObjectServiceStub, photograph: bytes
) -> None:
    request = DetectObjectsRequest(
        image=ImageSource(content=photograph), options=DetectObjectsOptions(classes=["unicorn"])
    )
    with pytest.raises(InvalidRequest, match="Normal, Fall"):
        sightline._calls.unary(objects.DetectObjects, request, None)


def test_the_models_are_listed(sightline: Sightline, objects: object_service_pb2_grpc.ObjectServiceStub) -> None:
    answer = sightline._calls.unary(objects.ListModels, ListModelsRequest(), None)
    names = [model.name for model in answer.models]
    assert "people-falls" in names
    assert names == sorted(names)


def test_a_call_measures_spheroids(sightline: Sightline, objects: object_service_pb2_grpc.ObjectServiceStub) -> None:
    request = SegmentImageRequest(image=ImageSource(content=rounds()), options=SegmentOptions(micrometres_per_px=2.0))
    result = sightline._calls.unary(objects.SegmentImage, request, None).result
    assert [round(one.equivalent_diameter_um, -1) for one in result.segments] == [200, 120]
    assert (result.model.name, result.model.sha256) == ("spheroids-classical", "")
    assert all(one.circularity > 0.95 and one.mask.counts and len(one.polygon) == 1 for one in result.segments)


def test_a_job_follows_the_objects_of_a_video(sightline: Sightline, tmp_path: Path) -> None:
    path = passing(tmp_path / "film.mp4")
    options = DetectObjectsOptions(min_score=0.4, video=ObjectVideoOptions(include_frames=True))
    options.video.every.FromMilliseconds(100)
    job = sightline.jobs.create(JobSpec(media=sightline.media.upload(path).name, detect_objects=options))
    sightline.jobs.wait(job)
    (result,) = [result.detect_objects_video for result in sightline.jobs.results(job)]
    assert (result.frame_count, result.part_count, len(result.frames)) == (6, 1, 6)
    assert result.totals[0].class_name == "Normal"
    assert max(track.frame_count for track in result.tracks) == 6


def test_a_job_on_a_film_that_asks_for_the_impossible_fails_at_once_for_its_reason(sightline: Sightline) -> None:
    media = sightline.media.upload(HOSTILE["mp4_of_fifty_million_frames"]())
    job = sightline.jobs.create(JobSpec(media=media.name, detect_objects=DetectObjectsOptions()))
    with pytest.raises(JobFailed, match="more than"):
        sightline.jobs.wait(job)
    assert sightline.jobs.get(job).attempt_count == 1
