from __future__ import annotations

import asyncio

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as otlp
from opentelemetry.trace import SpanKind

from sightline.common.settings import TelemetrySettings
from sightline.common.telemetry import extract, inject, make_tracer_provider, span_from, trace_id_of


@pytest.fixture
async def collector():
    """A gRPC server that takes OTLP spans, and those that it took."""
    received = []

    async def export(request, context):
        received.append(request)
        return otlp.ExportTraceServiceResponse()

    handler = grpc.unary_unary_rpc_method_handler(
        export, otlp.ExportTraceServiceRequest.FromString, otlp.ExportTraceServiceResponse.SerializeToString
    )
    service = "opentelemetry.proto.collector.trace.v1.TraceService"
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"http://127.0.0.1:{port}", received
    await server.stop(None)


async def test_spans_are_sent_to_the_endpoint_under_the_name_of_the_service(collector):
    endpoint, received = collector
    settings = TelemetrySettings(otlp_endpoint=endpoint, trace_sample_ratio=1.0)
    provider = make_tracer_provider(settings, "gateway", "1.2.3")
    with provider.get_tracer("t").start_as_current_span("work", kind=SpanKind.SERVER):
        pass
    await asyncio.to_thread(provider.shutdown)
    [request] = received
    [resource] = request.resource_spans
    names = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert (names["service.name"], names["service.version"]) == ("sightline-gateway", "1.2.3")
    assert [span.name for span in resource.scope_spans[0].spans] == ["work"]


def test_without_an_endpoint_nothing_is_exported():
    provider = make_tracer_provider(TelemetrySettings(), "gateway", "0")
    assert provider._active_span_processor._span_processors == ()


def test_a_trace_context_survives_a_dict_of_strings():
    provider = make_tracer_provider(TelemetrySettings(trace_sample_ratio=1.0), "t", "0")
    carrier: dict[str, str] = {}
    with provider.get_tracer("t").start_as_current_span("client") as client:
        inject(carrier)
        assert trace_id_of() == f"{client.get_span_context().trace_id:032x}"
    assert set(carrier) == {"traceparent"}
    with span_from(provider.get_tracer("t"), "task", carrier) as task:
        assert trace_id_of() == trace_id_of(extract(carrier))
    assert task.parent is not None
    assert task.parent.span_id == client.get_span_context().span_id
    assert trace_id_of() == ""


def test_an_empty_carrier_begins_a_trace_of_its_own():
    assert trace_id_of(extract({})) == ""
    provider = make_tracer_provider(TelemetrySettings(), "t", "0")
    with span_from(provider.get_tracer("t"), "task", {}) as span:
        assert span.get_span_context().is_valid


def test_the_decision_of_the_parent_is_followed_and_new_traces_are_drawn_by_lot():
    never = make_tracer_provider(TelemetrySettings(trace_sample_ratio=0.0), "t", "0").get_tracer("t")
    sampled = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    with span_from(never, "task", sampled) as span:
        assert span.is_recording()
    with span_from(never, "task", {}) as span:
        assert not span.is_recording()
