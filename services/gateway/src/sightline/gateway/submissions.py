"""Submissions: what a request asks for, as the state stores it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from sightline.common.rpc import Identity
from sightline.common.state.identifiers import uuid7
from sightline.common.state.jobs import Submission
from sightline.common.telemetry import inject
from sightline.gateway import names
from sightline.gateway.kinds import queue_of
from sightline.gateway.quotas.limits import Caller
from sightline.gateway.reception import Asked
from sightline.gateway.settings import JobSettings
from sightline.v1 import job_pb2, job_service_pb2

_PRIORITY_DEFAULT = 5


class Submissions:
    """Makes submissions of requests."""

    def __init__(self, settings: JobSettings, served: Collection[str]) -> None:
        """Prepare to make submissions.

        Args:
            settings: how long jobs are kept and how often tasks are tried.
            served: the services that are configured here.
        """
        self._settings = settings
        self._served = frozenset(served)

    def make(self, request: job_service_pb2.CreateJobRequest, identity: Identity) -> Asked:
        """Make the submission of a request that was validated.

        Work that is forced, or has times of its own, is not shared.

        Raises:
            NotFound: the name of the media can't be one of ours.
            SightlineError: KIND_NOT_SERVED.
        """
        job = request.job
        kind = job.spec.WhichOneof("analysis") or ""
        queue = queue_of(kind, self._served)
        priority = job.priority or _PRIORITY_DEFAULT
        spec, labels = job.spec.SerializeToString(deterministic=True), dict(job.labels)
        media_id = names.parse(names.MEDIA, job.spec.media) if job.spec.media else None
        alone = request.force or job.HasField("run_time") or job.HasField("deadline_time")
        submission = Submission(
            tenant=identity.tenant,
            job_id=uuid7(),
            task_id=uuid7(),
            kind=kind,
            spec=spec,
            media_id=media_id,
            queue=queue,
            priority=priority,
            labels=labels,
            trace_context=_trace_context(),
            request_id=UUID(request.request_id) if request.request_id else None,
            body_sha256=_digest(job, spec, priority) if request.request_id else b"",
            keep_seconds=self._settings.keep_seconds,
            max_attempts=self._settings.max_attempts_of.get(kind, self._settings.max_attempts),
            run_time=_time(job.run_time) if job.HasField("run_time") else None,
            deadline_time=_time(job.deadline_time) if job.HasField("deadline_time") else None,
            work_sha256=None if alone else _work(kind, job),
        )
        pieces = tuple(names.parse(names.MEDIA, piece.media) for piece in job.spec.mix_audio.pieces)
        return Asked(submission, pieces, identity.open_jobs if isinstance(identity, Caller) else None)


def _trace_context() -> str:
    carrier: dict[str, str] = {}
    inject(carrier)
    return carrier.get("traceparent", "")


def _work(kind: str, job: job_pb2.Job) -> bytes:
    """Tell what is to be done, but for the bytes of the media and what it is done with.

    The labels belong to it: a job that has others is not found by those who look for these.
    """
    options = getattr(job.spec, kind)
    if kind == "mix_audio":
        options = type(options).FromString(options.SerializeToString())
        for piece in options.pieces:
            piece.media = ""
    labels = json.dumps(dict(job.labels), sort_keys=True) if job.labels else ""
    text = f"{kind} {options.SerializeToString(deterministic=True).hex()} {labels}"
    return hashlib.sha256(text.encode()).digest()


def _digest(job: job_pb2.Job, spec: bytes, priority: int) -> bytes:
    """Tell a repeat from a reuse: what the client chose, and nothing that is filled in here."""
    times = [job.run_time.ToNanoseconds(), job.deadline_time.ToNanoseconds()]
    text = json.dumps([spec.hex(), priority, dict(job.labels), times], sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def _time(message: Timestamp) -> datetime:
    return message.ToDatetime(UTC)
