"""The limits that there are, and those that hold for one key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sightline.common.rpc import Identity
from sightline.common.state.keys import Key
from sightline.gateway.settings import LimitSettings

MINUTE, HOUR, DAY = 60, 3600, 86_400


class Resource(StrEnum):
    """What is counted."""

    REQUESTS = "requests"
    JOBS = "jobs"
    UPLOAD_BYTES = "upload_bytes"
    IMPORTS = "imports"
    IMPORT_BYTES = "import_bytes"


COUNTED: dict[str, tuple[Resource, int]] = {
    "requests_per_minute": (Resource.REQUESTS, MINUTE),
    "jobs_per_hour": (Resource.JOBS, HOUR),
    "jobs_per_day": (Resource.JOBS, DAY),
    "upload_bytes_per_day": (Resource.UPLOAD_BYTES, DAY),
    "imports_per_hour": (Resource.IMPORTS, HOUR),
    "imports_per_day": (Resource.IMPORTS, DAY),
    "import_bytes_per_hour": (Resource.IMPORT_BYTES, HOUR),
    "import_bytes_per_day": (Resource.IMPORT_BYTES, DAY),
}
"""Limits of what is used in a window of time, by name: what they count and the seconds of the window."""

OPEN_JOBS = "open_jobs"
"""The limit of jobs that have not ended, which is counted in the rows."""

NAMES = (*COUNTED, OPEN_JOBS)


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit that holds.

    Attributes:
        name: as settings, the command line and clients call it.
        subject: whose it is, such as `key:7f3a`, `tenant:acme` or `tenant:acme/provider:example.org`.
        resource: what it counts.
        period_seconds: length of its window.
        limit: how much may be used in a window.
    """

    name: str
    subject: str
    resource: Resource
    period_seconds: int
    limit: int

    @property
    def counter(self) -> str:
        """What its counter is called."""
        return f"{self.subject}/{self.name}"


@dataclass(frozen=True, slots=True)
class Caller(Identity):
    """Who asks, and how much of what; compared and known by the key.

    Attributes:
        limits: those of the key and of its tenant, by what they count; empty where nothing is limited.
        open_jobs: how many jobs of the tenant may be open; None for any number.
    """

    limits: Mapping[Resource, tuple[Limit, ...]] = field(default_factory=dict, compare=False)
    open_jobs: int | None = field(default=None, compare=False)


def caller_of(key: Key, of_key: LimitSettings, of_tenant: LimitSettings) -> Caller:
    """Give the caller with a key: what is stored with it and with its tenant, else what the settings say."""
    own, shared = {**of_key.chosen(), **key.limits}, {**of_tenant.chosen(), **key.tenant_limits}
    found = [*limits_of(f"key:{key.key_id}", own), *limits_of(f"tenant:{key.tenant}", shared)]
    by_resource = {one: tuple(limit for limit in found if limit.resource is one) for one in {f.resource for f in found}}
    # Jobs are not stored with their keys, so that the stricter of the two holds for the tenant.
    both = [limits[OPEN_JOBS] for limits in (own, shared) if OPEN_JOBS in limits]
    return Caller(key.tenant, str(key.key_id), frozenset(key.scopes), by_resource, min(both, default=None))


def limits_of(subject: str, values: Mapping[str, int]) -> list[Limit]:
    """Give the counted limits among values by name; names of other versions are passed over."""
    return [
        Limit(name, subject, resource, period_seconds, values[name])
        for name, (resource, period_seconds) in COUNTED.items()
        if name in values
    ]
