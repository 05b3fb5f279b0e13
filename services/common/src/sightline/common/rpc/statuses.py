"""Errors on the wire: a SightlineError becomes a google.rpc.Status with its details."""

from __future__ import annotations

import math
from collections.abc import Iterator

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from sightline.common.errors import InvalidRequest, QuotaExceeded, SightlineError

DOMAIN = "sightline.dev"
DETAILS_KEY = "grpc-status-details-bin"
RETRY_AFTER_KEY = "retry-after"
CODES: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}

# Trailers beyond 8 KiB are dropped by common clients and proxies, and base64 adds a third.
_DETAILS_MAX_BYTES = 4096
_MESSAGE_MAX_CHARACTERS = 600
_RETRY_SECONDS = 1.0
_WAIT_AND_RETRY = (grpc.StatusCode.UNAVAILABLE.value[0], grpc.StatusCode.RESOURCE_EXHAUSTED.value[0])


def code_of(error: SightlineError) -> grpc.StatusCode:
    """The canonical code of the error's reason."""
    return CODES[error.meaning.grpc_code]


def to_status(error: SightlineError) -> status_pb2.Status:
    """Say an error as every client gets it: the sentence, what to do, and exactly one ErrorInfo."""
    status = status_pb2.Status(code=error.meaning.grpc_code, message=_message(error))
    for detail in _details(error):
        status.details.add().Pack(detail)
    return status


def retry_after(error: SightlineError) -> tuple[tuple[str, str], ...]:
    """Say when to come back in whole seconds, as metadata that becomes the Retry-After header over REST."""
    seconds = _retry_seconds(error)
    return () if seconds is None else ((RETRY_AFTER_KEY, str(math.ceil(seconds))),)


def _message(error: SightlineError) -> str:
    sentence = error.message.strip()[:_MESSAGE_MAX_CHARACTERS].rstrip(".")
    return f"{sentence}. {error.meaning.advice}" if sentence else error.meaning.advice


def _details(error: SightlineError) -> Iterator[Message]:
    yield error_details_pb2.ErrorInfo(
        reason=error.reason.value,
        domain=DOMAIN,
        metadata={key: value[:_MESSAGE_MAX_CHARACTERS] for key, value in error.metadata.items()},
    )
    if isinstance(error, InvalidRequest) and error.violations:
        yield _bad_request(error)
    if isinstance(error, QuotaExceeded):
        violation = error_details_pb2.QuotaFailure.Violation(subject=error.subject, description=error.message)
        yield error_details_pb2.QuotaFailure(violations=[violation])
    if "resource" in error.metadata:
        yield _resource(error.metadata["resource"])
    retry_seconds = _retry_seconds(error)
    if retry_seconds is not None:
        yield _retry(retry_seconds)


def _retry_seconds(error: SightlineError) -> float | None:
    if error.retry_after_seconds is not None:
        return error.retry_after_seconds
    return _RETRY_SECONDS if error.retryable and error.meaning.grpc_code in _WAIT_AND_RETRY else None


def _retry(seconds: float) -> error_details_pb2.RetryInfo:
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromNanoseconds(int(seconds * 1e9))
    return retry


def _resource(name: str) -> error_details_pb2.ResourceInfo:
    collection = name.partition("/")[0].removesuffix("s").capitalize()
    return error_details_pb2.ResourceInfo(resource_type=f"{DOMAIN}/{collection}", resource_name=name)


def _bad_request(error: InvalidRequest) -> error_details_pb2.BadRequest:
    bad = error_details_pb2.BadRequest()
    for position, violation in enumerate(error.violations):
        if bad.ByteSize() > _DETAILS_MAX_BYTES // 2:
            rest = len(error.violations) - position
            bad.field_violations.add(field="", description=f"and {rest} more")
            break
        bad.field_violations.add(field=violation.field[:200], description=violation.description[:300])
    return bad
