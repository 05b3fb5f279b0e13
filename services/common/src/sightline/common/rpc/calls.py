"""The call being answered: who asks, under which request id, until when; and how servicers get at it."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import grpc
from opentelemetry import trace
from opentelemetry.trace import Span

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
"""What a servicer's method gets beside its request."""

REQUEST_ID = "x-request-id"
TENANT = "x-sightline-tenant"
KEY_ID = "x-sightline-key-id"
SCOPES = "x-sightline-scopes"

_TIMER_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, as the key says.

    Attributes:
        tenant: whose resources may be seen; comes from the key, never from the request.
        key_id: the key's id, never the key.
        scopes: what the key may do.
    """

    tenant: str
    key_id: str
    scopes: frozenset[str] = frozenset()


@dataclass(slots=True)
class Call:
    """One call, from its first byte to its status.

    Attributes:
        method: such as `/sightline.v1.JobService/GetJob`.
        request_id: the client's, or made here; answered as trailing metadata.
        deadline: on the monotonic clock, None when the client set none.
        identity: who asks; None before admission and where nobody has to say.
        span: the span of the call.
        trailing: metadata to answer with, such as what is left of a quota; append to it.
        drained: whether a shutdown ended the call.
    """

    method: str
    request_id: str
    deadline: float | None = None
    identity: Identity | None = None
    span: Span = trace.INVALID_SPAN
    trailing: list[tuple[str, str | bytes]] = field(default_factory=list)
    drained: bool = False

    def remaining_seconds(self) -> float | None:
        """What is left until the deadline, never negative; None without one."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def is_late(self) -> bool:
        """Whether the deadline has passed, to the precision of gRPC's own timer."""
        return self.deadline is not None and self.deadline - time.monotonic() < _TIMER_SECONDS


_CURRENT: ContextVar[Call | None] = ContextVar("sightline_call", default=None)


def begin(call: Call) -> None:
    """Make it the current call of this asyncio task; grpc.aio gives each call a task of its own."""
    _CURRENT.set(call)


def current_call() -> Call | None:
    """The call that this code runs for, None outside of one."""
    return _CURRENT.get()


def current_identity() -> Identity:
    """Who asks.

    Raises:
        LookupError: the method was reached without admission, a fault of the composition.
    """
    call = _CURRENT.get()
    if call is None or call.identity is None:
        raise LookupError("no identity: the server was built without admission")
    return call.identity
