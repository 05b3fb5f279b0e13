"""What can go wrong, said once.

    SightlineError
    |-- InvalidRequest      the request is wrong; names the fields
    |-- MediaRejected       the picture or film is wrong, whoever looks at it
    |-- NotFound            the resource is not there, or not the caller's
    |-- QuotaExceeded       a limit is used up; says which, and when to come back
    `-- TemporarilyAway     something is away; says when to come back

Every error carries a `Reason`; what the reason means on the wire and whether the same work may be
tried again stands in one table, `reasons.TABLE`, and nowhere else.
"""

from __future__ import annotations

import copyreg
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sightline.common.errors.reasons import TABLE, Meaning, Reason

__all__ = [
    "TABLE",
    "FieldViolation",
    "InvalidRequest",
    "Meaning",
    "MediaRejected",
    "NotFound",
    "QuotaExceeded",
    "Reason",
    "SightlineError",
    "TemporarilyAway",
]


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One field that breaks one rule.

    Attributes:
        field: the path of the field in the request, such as `job.priority`.
        description: what is wrong with it, in words that a person can act on.
    """

    field: str
    description: str


class SightlineError(Exception):
    """Any failure that a client may read: a reason from the table and a sentence of its own."""

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata = dict(metadata or {})
        self.retry_after_seconds = retry_after_seconds

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are pickled as calls of their class, which takes other arguments here: errors cross from children.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]

    @property
    def meaning(self) -> Meaning:
        """What the reason means on the wire."""
        return TABLE[self.reason]

    @property
    def retryable(self) -> bool:
        """Whether the same work may succeed later; all that a worker reads."""
        return self.meaning.retryable


class InvalidRequest(SightlineError):
    """The request breaks the contract; `violations` names each field and why."""

    def __init__(
        self,
        message: str,
        violations: Sequence[FieldViolation] = (),
        reason: Reason = Reason.INVALID_ARGUMENT,
    ) -> None:
        super().__init__(reason, message)
        self.violations = tuple(violations)


class MediaRejected(SightlineError):
    """The bytes are not media that can be analysed; permanent for these bytes."""


class NotFound(SightlineError):
    """The resource does not exist for this caller; another tenant's looks the same."""

    def __init__(self, resource_name: str) -> None:
        super().__init__(Reason.NOT_FOUND, f"{resource_name} was not found", metadata={"resource": resource_name})
        self.resource_name = resource_name


class QuotaExceeded(SightlineError):
    """A limit is used up: `subject` names it, as in `key:7f3a/jobs_per_hour`."""

    def __init__(
        self,
        message: str,
        *,
        subject: str,
        retry_after_seconds: float | None = None,
        reason: Reason = Reason.QUOTA_EXCEEDED,
    ) -> None:
        super().__init__(reason, message, retry_after_seconds=retry_after_seconds)
        self.subject = subject


class TemporarilyAway(SightlineError):
    """Something that the work needs is away; the same request may succeed after `retry_after_seconds`."""

    def __init__(self, reason: Reason, message: str, *, retry_after_seconds: float = 1.0) -> None:
        super().__init__(reason, message, retry_after_seconds=retry_after_seconds)
