"""kill -9 of the object process in the middle of a film: the next attempt goes on where it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from engine import until
from servers import System
from things import passing

from sightline.client import Sightline
from sightline.v1.job_pb2 import Job, JobSpec
from sightline.v1.object_pb2 import DetectObjectsOptions, DetectObjectsVideoResult, ObjectVideoOptions

FRAMES = 40


def test_a_film_goes_on_where_its_killed_worker_was_and_ends_as_if_nothing_had_happened(
    own_system: Callable[..., System], tmp_path: Path
) -> None:
    system = own_system(
        services={
            "OBJECT_WORKER__LEASE_SECONDS": "3",
            "OBJECT_WORKER__HEARTBEAT_SECONDS": "0.5",
            "OBJECT_FILM__CHECKPOINT_SECONDS": "0.2",
        }
    )
    options = DetectObjectsOptions(min_score=0.4, video=ObjectVideoOptions(include_frames=True))
    options.video.every.FromMilliseconds(100)
    with Sightline(system.addresses.target, system.key) as sightline:
        spec = JobSpec(
            media=sightline.media.upload(passing(tmp_path / "film.mp4", frames=FRAMES, step_px=3, width_px=704)).name,
            detect_objects=options,
        )
        whole = _result(sightline, sightline.jobs.create(spec, force=True))
        assert (whole.frame_count, len(whole.frames)) == (FRAMES, FRAMES)

        job = sightline.jobs.create(spec, force=True)
        until(lambda: sightline.jobs.get(job).progress > 0.5, "half of the film is seen")
        system.kill("object")
        assert _result(sightline, job) == whole
        assert sightline.jobs.get(job).attempt_count == 2
    (gone_on,) = re.findall(r"film_goes_on.*?seconds=([\d.]+)", re.sub(r"\x1b\[\d*m", "", system.log.read_text()))
    assert float(gone_on) > 0.3 * FRAMES / 10, "most of the film was looked at again"


def _result(sightline: Sightline, job: Job) -> DetectObjectsVideoResult:
    assert sightline.jobs.wait(job, timeout=200).state == Job.STATE_SUCCEEDED
    merged = DetectObjectsVideoResult()
    for result in sightline.jobs.results(job):
        merged.MergeFrom(result.detect_objects_video)
    return merged
