"""What the end of a call says of the other side: only silence is a failure, an error that was told is an answer."""

from __future__ import annotations

import grpc

from sightline.common.errors import Reason, SightlineError
from sightline.common.rpc import was_told
from sightline.gateway.breakers import Judge, Sign

# What gRPC itself says when the call, and not the service, is at fault.
_OF_THE_CALL = frozenset(
    {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.INVALID_ARGUMENT}
)


def judge_service(hung_seconds: float) -> Judge:
    """Make the judge of one of our services.

    Whatever has the details that all of our errors carry was told by the service, OVERLOADED too: it lives. A
    deadline that passed says something only if it was long; a client that left says nothing.
    """

    def judge(error: BaseException | None, seconds: float) -> Sign:
        if error is None:
            return Sign.ANSWERED
        if not isinstance(error, grpc.aio.AioRpcError):
            return Sign.NONE
        code = error.code()
        if was_told(error) or code in _OF_THE_CALL:
            return Sign.ANSWERED
        if code is grpc.StatusCode.UNAVAILABLE:
            return Sign.FAILED
        hung = code is grpc.StatusCode.DEADLINE_EXCEEDED and seconds >= hung_seconds
        return Sign.HUNG if hung else Sign.NONE

    return judge


def judge_host(error: BaseException | None, _seconds: float) -> Sign:
    """Judge a host that a file was fetched from.

    A file that is not there, or is not one of ours to take, is an answer; only a host that can't be reached, breaks
    off or says that it is broken (5xx) has failed. Whoever asks too often (429) learns nothing of the host.
    """
    if error is None:
        return Sign.ANSWERED
    if not isinstance(error, SightlineError):
        return Sign.NONE
    if error.reason in (Reason.URI_REFUSED, Reason.QUOTA_EXCEEDED):  # before anybody was asked
        return Sign.NONE
    if error.reason is not Reason.URI_UNREACHABLE:
        return Sign.ANSWERED
    status = int(error.metadata.get("status", "500"))
    return Sign.FAILED if status >= 500 else Sign.NONE if status == 429 else Sign.ANSWERED
