"""Resource names: what stands in requests and answers, and the identifiers in it."""

from __future__ import annotations

from uuid import UUID

from sightline.common.errors import NotFound

JOBS, MEDIA, PERSONS, SCHEDULES, WEBHOOKS = "jobs", "media", "persons", "schedules", "webhooks"


def job_name(job_id: UUID) -> str:
    """Write the name of a job."""
    return f"{JOBS}/{job_id}"


def parse(collection: str, name: str) -> UUID:
    """Read the identifier in a name.

    Raises:
        NotFound: the name can't be one of ours; said in the same words as for one that does not exist.
    """
    prefix, _, text = name.partition("/")
    try:
        identifier = UUID(text)
    except ValueError:
        raise NotFound(name) from None
    # UUID() also reads braces, urn: and missing hyphens: each resource has one name only.
    if prefix != collection or str(identifier) != text:
        raise NotFound(name)
    return identifier
