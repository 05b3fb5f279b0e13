"""Logs: one line per event, JSON or text for people, with the service, the trace and the request."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any, TextIO

import structlog
from opentelemetry import trace
from structlog.typing import EventDict, Processor, WrappedLogger

from sightline.common.settings import TelemetrySettings
from sightline.common.telemetry.redaction import redacted

# Libraries that speak at INFO about each request or connection; their warnings are wanted.
_TALKATIVE = ("asyncio", "grpc", "httpx", "kombu", "opentelemetry", "psycopg.pool", "urllib3")


def configure_logs(settings: TelemetrySettings, service: str, stream: TextIO | None = None) -> None:
    """Set up structlog and route the standard library's logging through it; called once, by main.

    Bind what belongs to the task at hand with `structlog.contextvars.bind_contextvars(job=..., task=...)`;
    it is in every line of that asyncio task, as are `request_id`, `trace_id` and `span_id`.

    Args:
        settings: format and level.
        service: the name in each line, such as `gateway`.
        stream: where lines go; standard error by default.
    """
    # gRPC's C core writes lines of its own to standard error, which no reader of JSON expects; it looks at this
    # variable when the first server or channel is made.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    output = sys.stderr if stream is None else stream
    shared = _shared_processors(service)
    structlog.configure(
        processors=[*shared, *_rendering(settings, output)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(output),
        cache_logger_on_first_use=False,
    )
    _route_standard_logging(settings, shared, level, output)


def _shared_processors(service: str) -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Service(service),
        _add_trace,
        structlog.processors.StackInfoRenderer(),
    ]


def _rendering(settings: TelemetrySettings, output: TextIO) -> list[Processor]:
    if settings.log_format == "json":
        return [structlog.processors.format_exc_info, _redact, structlog.processors.JSONRenderer(default=str)]
    colours = output.isatty()
    plain = structlog.dev.plain_traceback
    return [_redact, structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain)]


def _route_standard_logging(settings: TelemetrySettings, shared: list[Processor], level: int, output: TextIO) -> None:
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_rendering(settings, output),
        ],
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


class _Service:
    """Puts the service's name into each line."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", self._name)
        return event


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
        event["span_id"] = f"{context.span_id:016x}"
    return event


def _redact(_logger: WrappedLogger, _method: str, event: EventDict) -> dict[str, Any]:
    return {name: value if name == "exc_info" else redacted(value, name) for name, value in event.items()}
