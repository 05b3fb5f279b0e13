"""What can go wrong, as one tree.

    SightlineError
    |-- InvalidRequest          a field breaks its rule; `violations` names it
    |   `-- MediaRejected       the bytes are not media that can be analysed
    |-- Unauthenticated         the key is missing, unknown or revoked
    |-- PermissionDenied        the key may not do this
    |-- NotFound                the resource does not exist for this key
    |-- Conflict                the resource is not in a state for this, or has changed
    |-- NotOffered              this server has no such method, or does no such work
    |-- QuotaExceeded           a quota, a rate limit or a queue is full; see `retry_after_seconds`
    |-- Unavailable             the server or a part of it is away, and was through every attempt
    |   `-- DeadlineExceeded    the time that was allowed has passed
    |-- ServerFault             a fault of the server; `request_id` finds it in its logs
    `-- JobNotSucceeded         the job that was waited for has ended otherwise; see `job`
        |-- JobFailed
        `-- JobCancelled

All but the last three come from a call, and say what the server says of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sightline.v1.job_pb2 import Job


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One field that breaks one rule.

    Attributes:
        field: the path of the field in the request, such as `job.priority`.
        description: what is wrong with it.
    """

    field: str
    description: str


class SightlineError(Exception):
    """Any failure of a call or a job.

    Attributes:
        message: what happened and what to do, in one or two sentences.
        reason: a name of `sightline.v1.ErrorReason` without its prefix; empty if the server gave none.
        code: the name of the canonical status code, such as `NOT_FOUND`.
        violations: the fields that break their rules, if any.
        retry_after_seconds: how long the server asks to wait before the same call; None if it does not say.
        request_id: what finds the call in the logs of the server; empty if unknown.
        metadata: what else the server says of the reason.
        attempts: how often the call was tried, 1 or more.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        code: str = "UNKNOWN",
        violations: Sequence[FieldViolation] = (),
        retry_after_seconds: float | None = None,
        request_id: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.code = code
        self.violations = tuple(violations)
        self.retry_after_seconds = retry_after_seconds
        self.request_id = request_id
        self.metadata = dict(metadata or {})
        self.attempts = 1


class InvalidRequest(SightlineError):
    """The request breaks the contract; the same request will be refused again."""


class MediaRejected(InvalidRequest):
    """The bytes are not media that can be analysed, whoever looks at them."""


class Unauthenticated(SightlineError):
    """The key is missing, unknown or revoked."""


class PermissionDenied(SightlineError):
    """The key is known but may not do this."""


class NotFound(SightlineError):
    """The resource does not exist for this key."""


class Conflict(SightlineError):
    """The resource is not in a state that allows the call, or has changed since it was read."""


class NotOffered(SightlineError):
    """This server has no such method, or the service for this kind of work is not deployed."""


class QuotaExceeded(SightlineError):
    """A quota, a rate limit or a queue of the server is full."""


class Unavailable(SightlineError):
    """The server or a part of it is away, and was through every attempt."""


class DeadlineExceeded(Unavailable):
    """The time that was allowed has passed; the server may still be at work."""


class ServerFault(SightlineError):
    """A fault of the server, or an answer that this client does not understand."""


class JobNotSucceeded(SightlineError):
    """The job that was waited for has ended without its results; `job` is the job as it ended."""

    def __init__(self, message: str, *, job: Job, reason: str, code: str) -> None:
        super().__init__(message, reason=reason, code=code)
        self.job = job


class JobFailed(JobNotSucceeded):
    """The job failed; `reason` and `message` are those of the job's own error."""


class JobCancelled(JobNotSucceeded):
    """The job was cancelled by a client."""


# The canonical codes of google/rpc/code.proto; one that is not here is a fault of the server.
_OF_CODE: dict[str, type[SightlineError]] = {
    "INVALID_ARGUMENT": InvalidRequest,
    "OUT_OF_RANGE": InvalidRequest,
    "UNAUTHENTICATED": Unauthenticated,
    "PERMISSION_DENIED": PermissionDenied,
    "NOT_FOUND": NotFound,
    "ALREADY_EXISTS": Conflict,
    "ABORTED": Conflict,
    "FAILED_PRECONDITION": Conflict,
    "UNIMPLEMENTED": NotOffered,
    "CANCELLED": Unavailable,
    "RESOURCE_EXHAUSTED": QuotaExceeded,
    "UNAVAILABLE": Unavailable,
    "DEADLINE_EXCEEDED": DeadlineExceeded,
}


def error_class(code: str, reason: str) -> type[SightlineError]:
    """Choose the exception for a status code and a reason."""
    found = _OF_CODE.get(code, ServerFault)
    if reason == "KIND_NOT_SERVED":
        return NotOffered
    if found is InvalidRequest and (reason.startswith("MEDIA_") or reason.startswith("FACE_")):
        return MediaRejected
    return found
