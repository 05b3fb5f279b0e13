"""kill -9 of the extract process in the middle of a document: the job still succeeds, and what was done is kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from films import TALK, lecture
from servers import System

from sightline.client import Sightline
from sightline.v1.job_pb2 import Job

SERVICES = {
    "EXTRACT_WORKER__LEASE_SECONDS": "3",
    "EXTRACT_WORKER__HEARTBEAT_SECONDS": "1",
    "EXTRACT_FILM__CHUNK_SECONDS": "10",
}


def test_a_document_is_made_although_its_worker_is_killed_between_its_stages(
    own_system: Callable[..., System], tmp_path: Path
) -> None:
    system = own_system(services=SERVICES)
    film = lecture(tmp_path / "lecture.mp4", TALK * 2, seconds_each=5.0)
    with Sightline(system.addresses.target, system.key) as sightline:
        job = sightline.jobs.make_document(film)
        _until_ended(sightline, job, "pictures")
        before = {stage.name: stage.end_time.ToDatetime() for stage in sightline.jobs.get(job).stages}
        first = system.pids["extract"]
        system.kill("extract")
        ended = sightline.jobs.wait(job, timeout=180)
        assert system.pids["extract"] != first
        (result,) = sightline.jobs.results(ended)
        assert [slide.title for slide in result.make_document.slides.slides] == [words[0] for words in TALK]
        files = sightline.jobs.download_files(ended, tmp_path / "out")
        assert {"lecture.pdf", "notes.md"} <= {file.name for file in files}
        assert all(file.stat().st_size for file in files)
        after = {stage.name: stage.end_time.ToDatetime() for stage in sightline.jobs.get(job).stages}
        assert [after[name] == before[name] for name in ("", "slides", "pictures")] == [True] * 3


def _until_ended(sightline: Sightline, job: Job, stage: str) -> None:
    deadline = time.monotonic() + 120
    while not any(one.name == stage and one.state == Job.STATE_SUCCEEDED for one in sightline.jobs.get(job).stages):
        assert time.monotonic() < deadline
        time.sleep(0.02)
