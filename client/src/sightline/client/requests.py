"""Requests in the user's words, shared by both clients."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sightline.client.limits import rules
from sightline.v1.face_pb2 import DetectFacesOptions, FaceVideoOptions
from sightline.v1.job_pb2 import Job, JobSpec
from sightline.v1.job_service_pb2 import BatchCreateJobsRequest, BatchGetJobsRequest, CreateJobRequest
from sightline.v1.person_pb2 import Person
from sightline.v1.webhook_pb2 import Webhook

_Item = TypeVar("_Item")
_MAX_CREATED = rules(BatchCreateJobsRequest, "requests").repeated.max_items
_MAX_READ = rules(BatchGetJobsRequest, "names").repeated.max_items


def face_options(
    min_score: float | None, max_faces: int, embeddings: bool, video: FaceVideoOptions | None = None
) -> DetectFacesOptions:
    """Say how faces are found; an unset `min_score` leaves the threshold to the model."""
    return DetectFacesOptions(min_score=min_score, max_faces=max_faces, include_embeddings=embeddings, video=video)


def create_job(
    spec: JobSpec, priority: int, labels: Mapping[str, str] | None, force: bool, request_id: str | None
) -> CreateJobRequest:
    """Ask for a job, with a request id of its own so that the call is safe to repeat."""
    job = Job(spec=spec, priority=priority, labels=labels or {})
    return CreateJobRequest(job=job, request_id=request_id or str(uuid.uuid4()), force=force)


def create_in_batches(jobs: Sequence[JobSpec | CreateJobRequest]) -> Sequence[BatchCreateJobsRequest]:
    """Ask for many jobs, in as few calls as the contract allows; each job gets a request id if it has none."""
    requests = [_repeatable(job) for job in jobs]
    return [BatchCreateJobsRequest(requests=group) for group in _groups(requests, _MAX_CREATED)]


def read_in_batches(names: Sequence[str]) -> Sequence[BatchGetJobsRequest]:
    """Ask for many jobs by name, in as few calls as the contract allows."""
    return [BatchGetJobsRequest(names=group) for group in _groups(names, _MAX_READ)]


def webhook_changes(**fields: Any) -> tuple[Webhook, list[str]]:
    """Give a webhook with those fields that are not None, and their names: also what is set to nothing is a change."""
    given = {field: value for field, value in fields.items() if value is not None}
    return Webhook(**given), list(given)


def new_person(
    name: str, *, consent: str, purpose: str, collection: str, expires: datetime | None, erase_sources: bool
) -> Person:
    """Say who is to be created."""
    person = Person(
        display_name=name, consent=consent, purpose=purpose, collection=collection, erase_sources=erase_sources
    )
    if expires is not None:
        person.expire_time.FromDatetime(expires.astimezone())
    return person


def person_changes(expires: datetime | None, never_expires: bool, **fields: Any) -> tuple[Person, list[str]]:
    """Give a person with those fields that are not None, and their names.

    Raises:
        ValueError: the person is to expire and never to expire.
    """
    if expires is not None and never_expires:
        raise ValueError("a person expires or never does")
    given = {field: value for field, value in fields.items() if value is not None}
    person = Person(**given)
    if expires is not None:
        person.expire_time.FromDatetime(expires.astimezone())
    return person, [*given, *(["expire_time"] if expires is not None or never_expires else [])]


def _groups(items: Sequence[_Item], size: int) -> Sequence[Sequence[_Item]]:
    return [items[at : at + size] for at in range(0, len(items), size)]


def _repeatable(job: JobSpec | CreateJobRequest) -> CreateJobRequest:
    if isinstance(job, JobSpec):
        return create_job(job, 0, None, False, None)
    request = CreateJobRequest()
    request.CopyFrom(job)
    request.request_id = job.request_id or str(uuid.uuid4())
    return request
