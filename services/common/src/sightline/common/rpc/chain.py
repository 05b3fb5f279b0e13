"""The chain around every method: request id, trace, deadline, admission, metrics, log and errors.

ONE wrapper: nested interceptors cost a coroutine and a handler each for every call; one that is made once
per method costs neither. Each concern keeps a file or a function of its own.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import grpc
import structlog
from opentelemetry.trace import Tracer

from sightline.common.errors import Reason, SightlineError
from sightline.common.rpc.admission import Admit, Metadata
from sightline.common.rpc.calls import REQUEST_ID, Call, Context, begin
from sightline.common.rpc.failures import Ending, ending_of
from sightline.common.rpc.inflight import InFlight
from sightline.common.rpc.route import Route
from sightline.common.rpc.tracing import close_span, open_span

T = TypeVar("T")

# What clients may choose: enough for every tool's ids, nothing that could forge a line of a log.
_REQUEST_ID = re.compile(r"[\w.:/+=-]{1,128}", re.ASCII)


class Chain:
    """Runs calls: what comes before the method, what comes after, and what happens when it raises."""

    def __init__(self, tracer: Tracer, in_flight: InFlight, admit: Admit | None) -> None:
        self._tracer = tracer
        self._in_flight = in_flight
        self._admit = admit
        # Bound once: to look a logger up costs more than a line that is not written.
        self._log: Any = structlog.get_logger("sightline.rpc").bind()

    async def run(self, route: Route, context: Context, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work of one call inside the chain.

        Raises:
            grpc.aio.AbortError: the call has been answered with an error.
            asyncio.CancelledError: nobody waits for the answer any more.
        """
        started = time.perf_counter()
        metadata = dict(context.invocation_metadata() or ())
        call = self._open(route, context, metadata)
        task = self._in_flight.enter(call, ends_at_drain=route.ends_at_drain) if route.admitted else None
        code = grpc.StatusCode.OK
        try:
            await self._admit_call(route, call, context, metadata)
            answer = await work()
            context.set_trailing_metadata(((REQUEST_ID, call.request_id), *call.trailing))
            return answer
        except (Exception, asyncio.CancelledError) as failure:
            ending = ending_of(failure, call, context)
            code = ending.code
            self._log_failure(call, ending, failure, started)
            if not ending.answered:
                await _abort(context, call, ending)
            raise
        finally:
            self._in_flight.leave(task)
            route.in_flight.dec()
            route.observe(code, time.perf_counter() - started)
            close_span(call, code)

    def _open(self, route: Route, context: Context, metadata: Metadata) -> Call:
        remaining = context.time_remaining()
        deadline = None if remaining is None else time.monotonic() + remaining
        call = Call(route.method, _request_id(metadata), deadline)
        begin(call)
        structlog.contextvars.bind_contextvars(request_id=call.request_id)
        call.span = open_span(self._tracer, route.span_name, metadata)
        route.in_flight.inc()
        return call

    async def _admit_call(self, route: Route, call: Call, context: Context, metadata: Metadata) -> None:
        if call.is_late():
            raise SightlineError(Reason.DEADLINE_EXCEEDED, "The deadline had passed when the call arrived")
        if route.admitted and self._admit is not None:
            call.identity = await self._admit(context, route.method, metadata)
            if call.identity is not None:
                structlog.contextvars.bind_contextvars(tenant=call.identity.tenant)

    def _log_failure(self, call: Call, ending: Ending, failure: BaseException, started: float) -> None:
        facts = {
            "method": call.method,
            "code": ending.code.name,
            "reason": ending.reason,
            "seconds": round(time.perf_counter() - started, 4),
        }
        if ending.is_fault:
            self._log.error("rpc_failed", **facts, exc_info=failure)
        else:
            self._log.info("rpc_refused", **facts)


async def _abort(context: Context, call: Call, ending: Ending) -> None:
    trailing = ((REQUEST_ID, call.request_id), *call.trailing, *ending.trailing)
    await context.abort(ending.code, ending.details, trailing)


def _request_id(metadata: Metadata) -> str:
    given = metadata.get(REQUEST_ID)
    return given if isinstance(given, str) and _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
