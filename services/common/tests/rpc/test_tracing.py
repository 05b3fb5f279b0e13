from __future__ import annotations

import asyncio

import grpc
import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from sightline.common.errors import Reason, SightlineError
from sightline.common.rpc import Forwarder
from sightline.common.settings import TelemetrySettings
from sightline.common.telemetry import extract, inject, make_tracer_provider, span_from, trace_id_of


async def test_client_gateway_service_queue_and_worker_are_one_trace(rig, echo_contract, echo_handlers, call_echo):
    message: dict[str, str] = {}

    async def submit(request, context):
        inject(message)  # what the gateway puts into a queue message
        return b""

    service = rig.server()
    service.add_methods("test.v1.Echo", echo_handlers(submit))
    gateway = rig.server()
    Forwarder(echo_contract, await rig.start(service), rig.metrics).add_to(gateway)
    channel = await rig.start(gateway)
    tracer = rig.provider.get_tracer("client")

    with tracer.start_as_current_span("client", kind=SpanKind.CLIENT):
        carrier: dict[str, str] = {}
        inject(carrier)
        await call_echo(channel, "One", metadata=tuple(carrier.items()))
    with span_from(tracer, "task", message):
        pass

    spans = {(span.name, span.kind): span for span in rig.spans.get_finished_spans()}
    assert len({span.context.trace_id for span in rig.spans.get_finished_spans()}) == 1
    servers = [s for s in rig.spans.get_finished_spans() if s.kind is SpanKind.SERVER]
    service_span, gateway_span = servers
    client, task = spans[("client", SpanKind.CLIENT)], spans[("task", SpanKind.CONSUMER)]
    assert gateway_span.parent.span_id == client.context.span_id
    assert service_span.parent.span_id == gateway_span.context.span_id
    assert task.parent.span_id == service_span.context.span_id


async def test_the_span_of_a_call_says_what_it_was(rig, echo_handlers, call_echo):
    async def answer(request, context):
        raise SightlineError(Reason.NOT_FOUND, "Nothing")

    server = rig.server()
    server.add_methods("test.v1.Echo", echo_handlers(answer))
    with pytest.raises(grpc.aio.AioRpcError):
        await call_echo(await rig.start(server), "One", metadata=(("x-request-id", "r-1"),))
    async with asyncio.timeout(10):
        while not (spans := rig.spans.get_finished_spans()):
            await asyncio.sleep(0.01)  # an error is on its way before the span of its call has ended
    [span] = spans
    assert span.name == "test.v1.Echo/One"
    assert span.attributes["rpc.grpc.status_code"] == 5
    assert span.attributes["sightline.request_id"] == "r-1"
    assert not span.status.is_ok


async def test_a_trace_that_the_client_does_not_sample_is_passed_on_unsampled(rig, echo_handlers, call_echo):
    carrier: dict[str, str] = {}

    async def answer(request, context):
        inject(carrier)
        return b""

    server = rig.server()
    server.add_methods("test.v1.Echo", echo_handlers(answer))
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    traceparent = f"00-{trace_id}-b7ad6b7169203331-00"
    await call_echo(await rig.start(server), "One", metadata=(("traceparent", traceparent),))
    assert carrier["traceparent"].split("-")[1] == trace_id
    assert carrier["traceparent"].endswith("-00")
    assert rig.spans.get_finished_spans() == ()


async def test_two_calls_after_each_other_are_two_traces(rig, echo_handlers, call_echo):
    async def answer(request, context):
        return trace_id_of().encode()

    server = rig.server()
    server.add_methods("test.v1.Echo", echo_handlers(answer))
    channel = await rig.start(server)
    assert await call_echo(channel, "One") != await call_echo(channel, "One")
    assert not trace.get_current_span().get_span_context().is_valid


@pytest.mark.parametrize("broken", ["", "nonsense", "00-0-0-00", "ff-" + "0" * 32 + "-" + "0" * 16 + "-01"])
async def test_a_broken_traceparent_begins_a_new_trace(rig, echo_handlers, call_echo, broken):
    async def answer(request, context):
        return trace_id_of().encode()

    server = rig.server()
    server.add_methods("test.v1.Echo", echo_handlers(answer))
    [trace_id] = await call_echo(await rig.start(server), "One", metadata=(("traceparent", broken),))
    assert len(trace_id) == 32


def test_nothing_is_sampled_at_ratio_zero_but_the_trace_id_is_passed_on():
    provider = make_tracer_provider(TelemetrySettings(trace_sample_ratio=0.0), "t", "0")
    with provider.get_tracer("t").start_as_current_span("root") as span:
        carrier: dict[str, str] = {}
        inject(carrier)
    assert not span.is_recording()
    assert trace_id_of(extract(carrier)) == f"{span.get_span_context().trace_id:032x}"
