"""The blob store full, and away: what can't be stored is refused, what can't be read is tried again."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from engine import until
from servers import System

from sightline.client import RetryPolicy, Sightline, Unavailable
from sightline.common.models import ModelStore
from sightline.v1.job_pb2 import Job


@pytest.fixture(scope="module")
def portrait(model_store: ModelStore) -> bytes:
    return model_store.path("newton").read_bytes()


def test_a_full_store_refuses_an_upload_with_its_reason_and_takes_it_when_there_is_room(
    system: System, portrait: bytes
) -> None:
    with Sightline(system.addresses.target, system.key, retry=RetryPolicy(attempts=1, stream_attempts=1)) as client:
        with _full(system.pids["gateway"]), pytest.raises(Unavailable) as refused:
            client.media.upload(portrait)
        assert refused.value.reason == "BLOBS_UNAVAILABLE"
        assert "full" in str(refused.value)
        (face,) = client.jobs.results(client.jobs.detect_faces(portrait, force=True, wait=True, timeout=60))
        assert len(face.detect_faces.faces) == 1


def test_a_job_whose_picture_can_not_be_read_now_is_tried_again_and_not_failed(system: System, portrait: bytes) -> None:
    with Sightline(system.addresses.target, system.key) as client:
        media = client.media.upload(portrait)
        with _away(system.folder.blobs):
            job = client.jobs.detect_faces(media, force=True)
            until(lambda: client.jobs.get(job).attempt_count >= 1, "the job is tried")
            until(lambda: client.jobs.get(job).state == Job.STATE_QUEUED, "the job is to be tried again")
        ended = client.jobs.wait(job, timeout=60)
        assert (ended.state, ended.result_count) == (Job.STATE_SUCCEEDED, 1)
        assert ended.attempt_count >= 2


@contextmanager
def _full(pid: int) -> Iterator[None]:
    """Let no file of a process grow: a disk without room."""
    process = psutil.Process(pid)
    before = process.rlimit(resource.RLIMIT_FSIZE)
    process.rlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        yield
    finally:
        process.rlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def _away(folder: Path) -> Iterator[None]:
    """Take a folder away, as when its disk is not mounted."""
    elsewhere = folder.with_name("unmounted")
    folder.rename(elsewhere)
    folder.mkdir()
    try:
        yield
    finally:
        folder.rmdir()
        elsewhere.rename(folder)
