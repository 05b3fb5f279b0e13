"""Errors off the wire: what another Sightline process answered, as the SightlineError that it raised."""

from __future__ import annotations

from typing import Any, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

from sightline.common.errors import (
    TABLE,
    FieldViolation,
    InvalidRequest,
    NotFound,
    QuotaExceeded,
    Reason,
    SightlineError,
)
from sightline.common.rpc.statuses import DETAILS_KEY, DOMAIN

D = TypeVar("D", bound=Message)

# What a status without details means: it was made by gRPC itself, not by a service of ours.
_BARE: dict[grpc.StatusCode, Reason] = {
    grpc.StatusCode.UNAVAILABLE: Reason.SERVICE_UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED: Reason.CANCELLED,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Reason.MEDIA_TOO_LARGE,
    grpc.StatusCode.UNIMPLEMENTED: Reason.METHOD_NOT_FOUND,
    grpc.StatusCode.UNAUTHENTICATED: Reason.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED: Reason.PERMISSION_DENIED,
    grpc.StatusCode.INVALID_ARGUMENT: Reason.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND: Reason.NOT_FOUND,
}
_BARE_SENTENCES: dict[Reason, str] = {
    Reason.SERVICE_UNAVAILABLE: "The service does not answer",
    Reason.DEADLINE_EXCEEDED: "The deadline passed before the answer came",
    Reason.CANCELLED: "The call was cancelled",
    Reason.MEDIA_TOO_LARGE: "The message is larger than the receiver takes",
    Reason.METHOD_NOT_FOUND: "The service does not have this method",
}


def from_rpc_error(error: grpc.aio.AioRpcError) -> SightlineError:
    """Give the error that the other side raised: reason, sentence, fields, resource and when to come back."""
    status = _status(error)
    info = _detail(status, error_details_pb2.ErrorInfo)
    if status is None or info is None or info.domain != DOMAIN or info.reason not in Reason.__members__:
        return bare_error(error.code())
    reason = Reason[info.reason]
    sentence = status.message.removesuffix(TABLE[reason].advice).strip()
    received = _built(reason, sentence, status, info)
    retry = _detail(status, error_details_pb2.RetryInfo)
    if retry is not None:
        received.retry_after_seconds = retry.retry_delay.ToTimedelta().total_seconds()
    return received


def was_told(error: grpc.aio.AioRpcError) -> bool:
    """Whether a process of ours gave the status, and not gRPC on the way."""
    return any(key == DETAILS_KEY for key, _ in as_pairs(error.trailing_metadata()))


def bare_error(code: grpc.StatusCode) -> SightlineError:
    """Give the error for a status without details; what gRPC says of addresses and sockets is left out."""
    reason = _BARE.get(code, Reason.INTERNAL)
    sentence = _BARE_SENTENCES.get(reason, f"The call ended with {code.name}")
    return SightlineError(reason, sentence, retry_after_seconds=1.0 if TABLE[reason].grpc_code == 14 else None)


def as_pairs(metadata: Any) -> tuple[tuple[str, str | bytes], ...]:
    """Give received metadata, or none, as plain pairs."""
    return tuple((key, value) for key, value in metadata or ())


def _built(
    reason: Reason, sentence: str, status: status_pb2.Status, info: error_details_pb2.ErrorInfo
) -> SightlineError:
    bad = _detail(status, error_details_pb2.BadRequest)
    quota = _detail(status, error_details_pb2.QuotaFailure)
    resource = _detail(status, error_details_pb2.ResourceInfo)
    error: SightlineError
    if bad is not None:
        violations = [FieldViolation(one.field, one.description) for one in bad.field_violations]
        error = InvalidRequest(sentence, violations, reason)
    elif quota is not None and quota.violations:
        error = QuotaExceeded(sentence, subject=quota.violations[0].subject, reason=reason)
    elif reason is Reason.NOT_FOUND and resource is not None:
        error = NotFound(resource.resource_name)
    else:
        error = SightlineError(reason, sentence)
    error.metadata = dict(info.metadata)
    return error


def _status(error: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    for key, value in as_pairs(error.trailing_metadata()):
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                return None
    return None


def _detail(status: status_pb2.Status | None, kind: type[D]) -> D | None:
    for packed in status.details if status is not None else ():
        if packed.Is(kind.DESCRIPTOR):
            detail = kind()
            packed.Unpack(detail)
            return detail
    return None
