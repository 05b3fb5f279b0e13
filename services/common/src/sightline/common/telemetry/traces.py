"""Traces: set up once by main, and carried as W3C traceparent through metadata and queue messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager

from opentelemetry import context as otel_context, trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import Span, SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from sightline.common.settings import TelemetrySettings

_PROPAGATOR = TraceContextTextMapPropagator()
TRACER_NAME = "sightline"


def make_tracer_provider(
    settings: TelemetrySettings, service: str, version: str, processor: SpanProcessor | None = None
) -> TracerProvider:
    """Make the provider of spans: a parent's decision is followed, new traces are sampled by ratio.

    Main closes it last with `.shutdown()`, which sends what is still buffered.

    Args:
        settings: the ratio, and the OTLP endpoint; without an endpoint nothing is exported.
        service: the name under which spans appear.
        version: the version of the service.
        processor: takes the spans in the place of the OTLP exporter (tests).
    """
    provider = TracerProvider(
        sampler=ParentBasedTraceIdRatio(settings.trace_sample_ratio),
        resource=Resource.create({"service.name": f"sightline-{service}", "service.version": version}),
        shutdown_on_exit=False,
    )
    if processor is not None:
        provider.add_span_processor(processor)
    elif settings.otlp_endpoint is not None:
        provider.add_span_processor(_otlp_processor(settings.otlp_endpoint))
    return provider


def _otlp_processor(endpoint: str) -> SpanProcessor:
    # Imported only where wanted: the exporter costs 20 MB and a tenth of a second.
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    return BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, insecure=not endpoint.startswith("https:")))


def inject(carrier: MutableMapping[str, str], context: Context | None = None) -> None:
    """Write the current (or given) trace context into a carrier: message headers or metadata as a dict."""
    _PROPAGATOR.inject(carrier, context)


def extract(carrier: Mapping[str, str]) -> Context:
    """Read the trace context from a carrier; an empty context if it has none."""
    return _PROPAGATOR.extract(carrier, Context())


@contextmanager
def span_from(
    tracer: Tracer, name: str, carrier: Mapping[str, str], kind: SpanKind = SpanKind.CONSUMER
) -> Iterator[Span]:
    """Run the block in a span that continues the carrier's trace: what a worker does with a message."""
    token = otel_context.attach(extract(carrier))
    try:
        with tracer.start_as_current_span(name, kind=kind) as span:
            yield span
    finally:
        otel_context.detach(token)


def trace_id_of(context: Context | None = None) -> str:
    """The trace id as 32 hexadecimal digits, empty if there is none."""
    span = trace.get_current_span(context).get_span_context()
    return f"{span.trace_id:032x}" if span.is_valid else ""
