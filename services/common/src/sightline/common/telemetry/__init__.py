"""Telemetry: logs, traces, metrics and the small HTTP server that shows them."""

from __future__ import annotations

from sightline.common.telemetry.http import TelemetryServer
from sightline.common.telemetry.logs import configure_logs
from sightline.common.telemetry.metrics import Metrics
from sightline.common.telemetry.readiness import Check, Readiness, Report
from sightline.common.telemetry.traces import extract, inject, make_tracer_provider, span_from, trace_id_of

__all__ = [
    "Check",
    "Metrics",
    "Readiness",
    "Report",
    "TelemetryServer",
    "configure_logs",
    "extract",
    "inject",
    "make_tracer_provider",
    "span_from",
    "trace_id_of",
]
