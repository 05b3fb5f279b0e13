"""kill -9 of the face process in the middle of a job: the job still succeeds, once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from servers import System

from sightline.client import Sightline
from sightline.common.models import ModelStore
from sightline.v1.job_pb2 import Job


def test_jobs_succeed_once_although_their_worker_is_killed(
    own_system: Callable[..., System], model_store: ModelStore
) -> None:
    system = own_system(services={"FACE_WORKER__LEASE_SECONDS": "3", "FACE_WORKER__HEARTBEAT_SECONDS": "1"})
    picture: Path = model_store.path("solvay-1927")
    with Sightline(system.addresses.target, system.key) as sightline:
        media = sightline.media.upload(picture)
        jobs = [sightline.jobs.detect_faces(media, embeddings=True, force=True) for _ in range(6)]
        _until_running(sightline, jobs)
        first = system.pids["face"]
        system.kill("face")
        ended = [sightline.jobs.wait(job, timeout=90) for job in jobs]
        assert system.pids["face"] != first
        assert {job.state for job in ended} == {Job.STATE_SUCCEEDED}
        assert max(job.attempt_count for job in ended) == 2, "no job was being worked on when its worker was killed"
        for job in ended:
            (result,) = sightline.jobs.results(job)
            assert 27 <= len(result.detect_faces.faces) <= 29


def _until_running(sightline: Sightline, jobs: list[Job]) -> None:
    deadline = time.monotonic() + 30
    while not any(sightline.jobs.get(job).state == Job.STATE_RUNNING for job in jobs):
        assert time.monotonic() < deadline
        time.sleep(0.02)
