"""The span of a call: continues the client's trace, and costs little when it is not sampled."""

from __future__ import annotations

import grpc
from opentelemetry import context as otel_context, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from sightline.common.rpc.admission import Metadata
from sightline.common.rpc.calls import Call
from sightline.common.telemetry import extract

_TRACE_KEYS = ("traceparent", "tracestate")


def open_span(tracer: Tracer, name: str, metadata: Metadata) -> Span:
    """Begin the span of a call and make it the current one of this asyncio task.

    It is not detached again: grpc.aio runs each call in a task, and so in a context, of its own.
    """
    carrier = {key: value for key in _TRACE_KEYS if isinstance(value := metadata.get(key), str)}
    parent = extract(carrier)
    span = tracer.start_span(name, parent, SpanKind.SERVER)
    otel_context.attach(trace.set_span_in_context(span, parent))
    return span


def close_span(call: Call, code: grpc.StatusCode) -> None:
    """End the span with the call's status.

    Source: OpenTelemetry semantic conventions for RPC, attributes of gRPC.
    """
    span = call.span
    if span.is_recording():
        service, _, method = call.method[1:].rpartition("/")
        attributes: dict[str, str | int] = {
            "rpc.system": "grpc",
            "rpc.service": service,
            "rpc.method": method,
            "rpc.grpc.status_code": code.value[0],
            "sightline.request_id": call.request_id,
        }
        if call.identity is not None:
            attributes["sightline.tenant"] = call.identity.tenant
        span.set_attributes(attributes)
        if code is not grpc.StatusCode.OK:
            span.set_status(Status(StatusCode.ERROR, code.name))
    span.end()
