"""A thousand submissions of a small picture: all acknowledged, all done, none twice, and there the next day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from servers import System

from sightline.client import Sightline, has_ended
from sightline.v1.job_pb2 import Job

COUNT = 1000


def test_a_thousand_submissions_all_succeed_once_and_outlive_the_system(
    own_system: Callable[..., System], small_picture: bytes
) -> None:
    system = own_system()
    with Sightline(system.addresses.target, system.key) as sightline:
        media = sightline.media.upload(small_picture)
        asked = {"labels": {"run": "thousand"}, "force": True}
        names = {sightline.jobs.detect_faces(media, **asked).name for _ in range(COUNT)}
        assert len(names) == COUNT
        for name in names:
            sightline.jobs.wait(name, timeout=120)
        _all_done_once(sightline, names)
    system.stop()
    again = own_system()
    with Sightline(again.addresses.target, again.key) as sightline:
        _all_done_once(sightline, names)


def _all_done_once(sightline: Sightline, names: set[str]) -> None:
    found = list(sightline.jobs.list(filter='labels.run = "thousand"'))
    assert Counter(job.name for job in found) == Counter(names)
    assert all(has_ended(job) for job in found)
    assert {(job.state, job.result_count, job.attempt_count) for job in found} == {(Job.STATE_SUCCEEDED, 1, 1)}
