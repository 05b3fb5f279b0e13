"""What a call that raised is answered with: one place, so that no method can forget."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import grpc

from sightline.common.errors import Reason, SightlineError, TemporarilyAway
from sightline.common.rpc.calls import Call, Context
from sightline.common.rpc.received import from_rpc_error
from sightline.common.rpc.statuses import DETAILS_KEY, code_of, retry_after, to_status

Trailing = tuple[tuple[str, str | bytes], ...]


class ForwardedStatus(Exception):
    """Raised by the forwarder to answer with the status of the service behind, byte for byte."""

    def __init__(self, code: grpc.StatusCode, details: str, trailing: Trailing = ()) -> None:
        super().__init__(code.name)
        self.code = code
        self.details = details
        self.trailing = trailing


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call that raised ends.

    Attributes:
        code: the status code.
        details: the status message.
        trailing: the details of the status.
        reason: for the log; empty where another process gave the status.
        answered: False when the status is still to be sent.
        is_fault: whether an operator has to look: the stack is logged.
    """

    code: grpc.StatusCode
    details: str = ""
    trailing: Trailing = ()
    reason: str = ""
    answered: bool = False
    is_fault: bool = False


def ending_of(failure: BaseException, call: Call, context: Context) -> Ending:
    """Decide how the call ends for whatever its method raised."""
    if isinstance(failure, ForwardedStatus):
        return Ending(failure.code, failure.details, failure.trailing)
    if isinstance(failure, grpc.aio.AbortError):
        code = context.code()
        known = code if isinstance(code, grpc.StatusCode) else grpc.StatusCode.UNKNOWN
        return Ending(known, answered=True)
    error = error_of(failure, call)
    status = to_status(error)
    trailing: Trailing = ((DETAILS_KEY, status.SerializeToString()), *retry_after(error))
    return Ending(
        code_of(error),
        status.message,
        trailing,
        error.reason.value,
        answered=_nobody_waits(failure, call),
        is_fault=error.reason is Reason.INTERNAL,
    )


def error_of(failure: BaseException, call: Call) -> SightlineError:
    """Give the error that the client reads for whatever a method raised.

    What is not a SightlineError becomes INTERNAL with the request id and nothing else: its text may hold
    paths, addresses or data, and belongs into the log.
    """
    match failure:
        case SightlineError():
            return failure
        case grpc.aio.AioRpcError():
            return from_rpc_error(failure)
        case TimeoutError():
            return SightlineError(Reason.DEADLINE_EXCEEDED, "The work took longer than it may")
        case asyncio.CancelledError():
            return _cancelled(call)
    return SightlineError(
        Reason.INTERNAL,
        f"Something failed inside; the request id is {call.request_id}",
        metadata={"request_id": call.request_id},
    )


def _cancelled(call: Call) -> SightlineError:
    if call.drained:
        return TemporarilyAway(Reason.DRAINING, "The server is shutting down", retry_after_seconds=0.1)
    if call.is_late():
        return SightlineError(Reason.DEADLINE_EXCEEDED, "The deadline passed before the work was done")
    return SightlineError(Reason.CANCELLED, "The call was cancelled")


def _nobody_waits(failure: BaseException, call: Call) -> bool:
    """Whether gRPC itself cancelled the call, rather than a drain or something that the method awaited."""
    task = asyncio.current_task()
    return (
        isinstance(failure, asyncio.CancelledError) and not call.drained and task is not None and task.cancelling() > 0
    )
