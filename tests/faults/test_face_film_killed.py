"""kill -9 of the face process in the middle of a film: the next attempt goes on from the checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from engine import until
from face_films import write_film
from google.protobuf.json_format import MessageToDict
from servers import System

from sightline.client import Sightline
from sightline.common.models import ModelStore
from sightline.v1.face_pb2 import DetectFacesVideoResult
from sightline.v1.job_pb2 import Job

CHECKPOINT_SECONDS = 0.5


@pytest.fixture
def film(model_store: ModelStore, tmp_path: Path) -> Path:
    """The story told three times, 51 seconds: long enough to be killed in the middle of it."""
    return write_film(tmp_path / "story.mp4", model_store.path("solvay-1927"), repeats=3)


def test_a_film_is_gone_on_with_where_its_worker_was_killed(own_system: Callable[..., System], film: Path) -> None:
    settings = {
        "FACE_WORKER__LEASE_SECONDS": "3",
        "FACE_WORKER__HEARTBEAT_SECONDS": "0.5",
        "FACE_FILM__CHECKPOINT_SECONDS": str(CHECKPOINT_SECONDS),
        "FACE_FACE__INPUT_SIDE_PX": "320",  # a quarter of the work, and the faces are large enough
    }
    system = own_system(services=settings)
    with Sightline(system.addresses.target, system.key) as sightline:
        media = sightline.media.upload(film)
        unbroken = _result(sightline, sightline.jobs.detect_faces(media, wait=True, timeout=200))
        job = sightline.jobs.detect_faces(media, force=True)
        until(lambda: sightline.jobs.get(job).progress > 0.5, "half of the film has been looked at")
        system.kill("face")
        kept = _checkpoint(system, job)
        assert kept is not None
        shares: list[float] = []
        ended = sightline.jobs.wait(job, on_change=lambda event: shares.append(event.progress), timeout=200)
        assert ended.state == Job.STATE_SUCCEEDED
        assert ended.attempt_count == 2
        # What the second attempt says first is where the first one was: it did not begin at the beginning.
        again = [share for share in shares if 0 < share < 1]
        assert again
        assert min(again) > 0.3
        assert _plain(_result(sightline, ended)) == _plain(unbroken)
        assert _checkpoint(system, job) is None


def _result(sightline: Sightline, job: Job) -> DetectFacesVideoResult:
    whole = DetectFacesVideoResult()
    for part in sightline.jobs.results(job):
        whole.MergeFrom(part.detect_faces_video)
    return whole


def _plain(result: DetectFacesVideoResult) -> object:
    """Round what two processors' threads may see differently by a hair."""

    def rounded(value: object) -> object:
        if isinstance(value, float):
            return round(value, 3)
        if isinstance(value, dict):
            return {name: rounded(one) for name, one in value.items() if name != "bestShot"}
        return [rounded(one) for one in value] if isinstance(value, list) else value

    return rounded(MessageToDict(result))


def _checkpoint(system: System, job: Job) -> bytes | None:
    """Read what an attempt would go on from."""
    with psycopg.connect(system.addresses.postgres_url) as connection:
        query = "SELECT checkpoint FROM tasks WHERE job_id = %s"
        row = connection.execute(query, (job.name.removeprefix("jobs/"),)).fetchone()
    return row[0] if row else None
