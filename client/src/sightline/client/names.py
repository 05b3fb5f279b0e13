"""Names of resources, from whatever a user has at hand: the resource, its name, or its bare id."""

from __future__ import annotations

import re

from sightline.v1.job_pb2 import DeadLetter, Job
from sightline.v1.media_pb2 import Media
from sightline.v1.person_pb2 import Person
from sightline.v1.schedule_pb2 import Schedule
from sightline.v1.webhook_pb2 import Webhook

_MEDIA_NAME = re.compile(r"media/[0-9a-f-]{36}")


def job_name(job: Job | DeadLetter | str) -> str:
    """Give `jobs/{id}` for a job, a dead letter, a name or a bare id."""
    if isinstance(job, DeadLetter):
        return job.job
    return job.name if isinstance(job, Job) else _under("jobs", job)


def media_name(media: Media | str) -> str:
    """Give `media/{id}` for media, a name or a bare id."""
    return media.name if isinstance(media, Media) else _under("media", media)


def webhook_name(webhook: Webhook | str) -> str:
    """Give `webhooks/{id}` for a webhook, a name or a bare id; `-` stands for all."""
    return webhook.name if isinstance(webhook, Webhook) else _under("webhooks", webhook)


def schedule_name(schedule: Schedule | str) -> str:
    """Give `schedules/{id}` for a schedule, a name or a bare id."""
    return schedule.name if isinstance(schedule, Schedule) else _under("schedules", schedule)


def person_name(person: Person | str) -> str:
    """Give `persons/{id}` for a person, a name or a bare id."""
    return person.name if isinstance(person, Person) else _under("persons", person)


def is_media_name(text: str) -> bool:
    """Say whether a text names media, and not a file."""
    return _MEDIA_NAME.fullmatch(text) is not None


def has_ended(job: Job) -> bool:
    """Say whether a job is in a terminal state."""
    return job.state in (Job.STATE_SUCCEEDED, Job.STATE_FAILED, Job.STATE_CANCELLED)


def _under(collection: str, text: str) -> str:
    return text if text.startswith(f"{collection}/") else f"{collection}/{text}"
