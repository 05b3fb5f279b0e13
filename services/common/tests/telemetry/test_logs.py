from __future__ import annotations

import io
import json
import logging

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider

from sightline.common.settings import TelemetrySettings
from sightline.common.telemetry import configure_logs


@pytest.fixture
def output():
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield io.StringIO()
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = before
    root.setLevel(level)


def lines(output):
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_a_line_is_json_with_its_service_level_and_time(output):
    configure_logs(TelemetrySettings(), "gateway", output)
    structlog.get_logger().info("job_created", job="jobs/1", count=3)
    [line] = lines(output)
    assert (line["event"], line["job"], line["count"]) == ("job_created", "jobs/1", 3)
    assert (line["service"], line["level"]) == ("gateway", "info")
    assert line["timestamp"].endswith("Z")


def test_what_is_bound_to_the_context_is_in_every_line(output):
    configure_logs(TelemetrySettings(), "face", output)
    with structlog.contextvars.bound_contextvars(request_id="r-1", task="t-1"):
        structlog.get_logger().warning("slow")
    [line] = lines(output)
    assert (line["request_id"], line["task"]) == ("r-1", "t-1")


def test_a_line_inside_a_span_names_its_trace(output):
    configure_logs(TelemetrySettings(), "face", output)
    with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
        structlog.get_logger().info("inside")
    structlog.get_logger().info("outside")
    inside, outside = lines(output)
    assert inside["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert inside["span_id"] == f"{span.get_span_context().span_id:016x}"
    assert "trace_id" not in outside


def test_lines_of_libraries_look_the_same(output):
    configure_logs(TelemetrySettings(), "gateway", output)
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        logging.getLogger("alembic").info("upgrade to %s", "0001")
    [line] = lines(output)
    assert (line["event"], line["logger"], line["service"]) == ("upgrade to 0001", "alembic", "gateway")
    assert (line["level"], line["request_id"]) == ("info", "r-1")


def test_lines_below_the_level_are_not_written_whoever_writes_them(output):
    configure_logs(TelemetrySettings(log_level="warning"), "gateway", output)
    structlog.get_logger().info("quiet")
    logging.getLogger("alembic").info("quiet")
    logging.getLogger("alembic").warning("loud")
    assert [line["event"] for line in lines(output)] == ["loud"]


def test_talkative_libraries_are_heard_from_warning_on(output):
    configure_logs(TelemetrySettings(log_level="debug"), "gateway", output)
    logging.getLogger("httpx").info("GET /")
    logging.getLogger("asyncio").debug("selector")
    logging.getLogger("kombu").warning("lost")
    assert [line["event"] for line in lines(output)] == ["lost"]


def test_secrets_are_hidden_by_their_name_and_by_their_shape(output):
    configure_logs(TelemetrySettings(), "gateway", output)
    structlog.get_logger().info(
        "connecting to postgresql://me:hunter2@db/x",
        password="hunter2",
        api_key="hunter2",
        headers={"authorization": "Bearer hunter2hunter2"},
        told=["redis://:hunter2@cache", "Bearer hunter2hunter2"],
        key_id="k-1",
        page_token_given=True,
    )
    [line] = lines(output)
    assert "hunter2" not in json.dumps(line)
    assert (line["key_id"], line["page_token_given"]) == ("k-1", True)
    assert line["event"] == "connecting to postgresql://me:***@db/x"


def test_secrets_are_hidden_in_the_lines_and_traces_of_libraries_too(output):
    configure_logs(TelemetrySettings(), "gateway", output)
    try:
        raise ConnectionError("redis://:hunter2@cache is away")
    except ConnectionError:
        logging.getLogger("redis").exception("no connection to redis://:hunter2@cache")
    [line] = lines(output)
    assert "ConnectionError" in line["exception"]
    assert "hunter2" not in json.dumps(line)


def test_an_exception_is_one_line_of_json(output):
    configure_logs(TelemetrySettings(), "gateway", output)
    try:
        raise ValueError("broken")
    except ValueError as error:
        structlog.get_logger().error("failed", exc_info=error)
    [line] = lines(output)
    assert "ValueError: broken" in line["exception"]


def test_the_console_format_is_text_for_people(output):
    configure_logs(TelemetrySettings(log_format="console"), "gateway", output)
    structlog.get_logger().info("job_created", job="jobs/1", password="hunter2")
    logging.getLogger("alembic").warning("from a library")
    text = output.getvalue()
    assert "job_created" in text
    assert "jobs/1" in text
    assert "from a library" in text
    assert "hunter2" not in text


def test_what_json_does_not_know_is_written_as_text(output):
    configure_logs(TelemetrySettings(), "gateway", output)
    structlog.get_logger().info("odd", path=object, data={1: b"x"})
    assert lines(output)[0]["event"] == "odd"
