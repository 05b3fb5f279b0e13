"""What the server says went wrong, as exceptions: google.rpc.Status and its details, decoded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar, cast

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from sightline.client.errors import (
    FieldViolation,
    JobCancelled,
    JobFailed,
    JobNotSucceeded,
    SightlineError,
    error_class,
)
from sightline.v1.job_pb2 import Job

_DETAILS_KEY = "grpc-status-details-bin"
_REQUEST_ID_KEY = "x-request-id"
# What gRPC calls INTERNAL or UNKNOWN, though nobody has judged the call: only the way to the server was lost.
_LOST = (
    # A proxy resets the streams of a server that has died.
    "RST_STREAM",
    # grpc.aio puts this over the status of a server that ends a call while a message is being sent; another
    # attempt brings the status to light. Source: https://github.com/grpc/grpc/issues/36066
    "Internal error from Core",
)
_Detail = TypeVar("_Detail", bound=Message)


def from_call(failure: grpc.RpcError) -> SightlineError:
    """Decode the failure of a call.

    A proxy or the connection itself fails without details: the code and the words of gRPC are kept then.
    """
    trailers = dict(cast(Iterable[tuple[str, str | bytes]], failure.trailing_metadata() or ()))
    error = from_status(_attached(trailers.get(_DETAILS_KEY)) or _bare(failure))
    error.request_id = error.request_id or str(trailers.get(_REQUEST_ID_KEY, ""))
    return error


def from_status(status: status_pb2.Status) -> SightlineError:
    """Decode a status, such as that of one item of a batch."""
    code = code_name(status)
    info = _detail(status, error_details_pb2.ErrorInfo())
    retry = _detail(status, error_details_pb2.RetryInfo())
    request = _detail(status, error_details_pb2.RequestInfo())
    bad = _detail(status, error_details_pb2.BadRequest())
    metadata = dict(info.metadata) if info else {}
    return error_class(code, info.reason if info else "")(
        status.message or code,
        reason=info.reason if info else "",
        code=code,
        violations=[FieldViolation(v.field, v.description) for v in bad.field_violations] if bad else (),
        retry_after_seconds=retry.retry_delay.ToTimedelta().total_seconds() if retry else None,
        request_id=request.request_id if request else metadata.get("request_id", ""),
        metadata=metadata,
    )


def of_job(job: Job) -> JobNotSucceeded:
    """Say why a job that has ended has no results."""
    info = _detail(job.error, error_details_pb2.ErrorInfo())
    if job.state == Job.STATE_CANCELLED:
        return JobCancelled(f"{job.name} was cancelled", job=job, reason="JOB_CANCELLED", code="CANCELLED")
    message = f"{job.name} failed: {job.error.message or 'the server gives no reason'}"
    return JobFailed(message, job=job, reason=info.reason if info else "", code=code_name(job.error))


def code_name(status: status_pb2.Status) -> str:
    """Give the name of the canonical code of a status."""
    return code_pb2.Code.Name(status.code) if status.code in code_pb2.Code.values() else "UNKNOWN"


def _bare(failure: grpc.RpcError) -> status_pb2.Status:
    """Say what is known of a failure that no server of ours has explained."""
    said, code = failure.details() or "", failure.code()
    if any(sign in said for sign in _LOST):
        return status_pb2.Status(code=code_pb2.UNAVAILABLE, message=f"the connection was lost: {said}")
    meaning = {
        grpc.StatusCode.UNAVAILABLE: f"the server does not answer: {said}",
        grpc.StatusCode.DEADLINE_EXCEEDED: "the server did not answer in time",
    }
    return status_pb2.Status(code=code.value[0], message=meaning.get(code, said))


def _attached(details: str | bytes | None) -> status_pb2.Status | None:
    try:
        return status_pb2.Status.FromString(details) if isinstance(details, bytes) else None
    except DecodeError:
        return None


def _detail(status: status_pb2.Status, kind: _Detail) -> _Detail | None:
    return next((kind for packed in status.details if packed.Unpack(kind)), None)
