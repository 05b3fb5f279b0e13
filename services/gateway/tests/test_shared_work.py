"""Which submissions are the same work."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sightline.common.rpc import Identity
from sightline.gateway.fingerprints import KnownFingerprints
from sightline.gateway.reception import Asked, _work
from sightline.gateway.settings import JobSettings
from sightline.gateway.submissions import Submissions
from sightline.v1.job_pb2 import Job, JobSpec
from sightline.v1.job_service_pb2 import CreateJobRequest

FIRST, SECOND = (f"media/0192f0c1-2a3b-7c4d-8e5f-60718293a4b{digit}" for digit in "56")
BYTES = {("acme", UUID(name.removeprefix("media/"))): name.encode() for name in (FIRST, SECOND)}


def asked(*, force: bool = False, media: str = FIRST, options: dict[str, Any] | None = None, **job: Any) -> Asked:
    spec = job.pop("spec", None) or JobSpec(media=media, detect_faces=options or {})
    request = CreateJobRequest(job=Job(spec=spec, **job), force=force)
    return Submissions(JobSettings(), ["face", "extract"]).make(request, Identity("acme", "key"))


def work(one: Asked, **fingerprints: bytes) -> bytes | None:
    return _work(one, BYTES, fingerprints)


def mix(*pieces: str, gap_seconds: int = 0) -> Asked:
    spec = JobSpec(mix_audio={"pieces": [{"media": piece} for piece in pieces]})
    for number, piece in enumerate(spec.mix_audio.pieces):
        piece.start.FromSeconds(number * gap_seconds)
    return asked(spec=spec)


def test_the_name_of_the_media_the_priority_and_the_request_do_not_count() -> None:
    assert work(asked(priority=9)) == work(asked(media=SECOND))


def test_options_labels_and_kinds_count() -> None:
    spec = JobSpec(media=FIRST, extract_text={})
    others = [asked(), asked(options={"max_faces": 1}), asked(labels={"a": "b"}), asked(spec=spec)]
    assert len({work(one) for one in others}) == len(others)


def test_labels_are_the_same_in_any_order() -> None:
    assert work(asked(labels={"a": "1", "b": "2"})) == work(asked(labels={"b": "2", "a": "1"}))


def test_the_fingerprint_of_the_kind_counts_and_no_other() -> None:
    one = asked()
    assert work(one, detect_faces=b"old") != work(one, detect_faces=b"new")
    assert work(one, segment=b"old") == work(one)


def test_what_is_forced_or_has_times_of_its_own_is_not_shared() -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    for alone in (asked(force=True), asked(run_time=soon), asked(deadline_time=soon)):
        assert work(alone) is None


def test_a_mix_is_the_bytes_of_its_pieces_in_their_order_and_places() -> None:
    others = [mix(FIRST, SECOND), mix(SECOND, FIRST), mix(FIRST), mix(FIRST, SECOND, gap_seconds=1)]
    assert len({work(one) for one in others}) == len(others)
    again = mix(FIRST, FIRST)
    uploaded_twice = {**BYTES, ("acme", UUID(SECOND.removeprefix("media/"))): FIRST.encode()}
    assert work(again) == _work(mix(FIRST, SECOND), uploaded_twice, {})


class Counting:
    """The fingerprints of a database, and how often it was asked."""

    asked = 0

    async def current(self) -> dict[str, bytes]:
        self.asked += 1
        await asyncio.sleep(0)
        return {"detect_faces": b"%d" % self.asked}


async def test_the_fingerprints_are_asked_for_once_by_all_who_wait_and_again_when_they_are_old() -> None:
    rows = Counting()
    known = KnownFingerprints(rows, 0.05)
    assert {one["detect_faces"] for one in await asyncio.gather(*(known.current() for _ in range(10)))} == {b"1"}
    await asyncio.sleep(0.06)
    assert await known.current() == {"detect_faces": b"2"}
    assert rows.asked == 2
