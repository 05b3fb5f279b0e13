"""Calls: the key, deadlines, errors, and what is tried again."""

from __future__ import annotations

import asyncio
import time

import grpc
import pytest
from google.rpc import error_details_pb2
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from scripted_calls import retry_in, status

from sightline.client import (
    AsyncSightline,
    Conflict,
    DeadlineExceeded,
    InvalidRequest,
    MediaRejected,
    NotFound,
    NotOffered,
    QuotaExceeded,
    RetryPolicy,
    ServerFault,
    Unauthenticated,
    Unavailable,
)
from sightline.client.status import from_call

AWAY = status("UNAVAILABLE", "STATE_UNAVAILABLE", "the database is away")


async def test_a_call_that_is_unavailable_twice_succeeds_at_the_third_attempt(sightline, script):
    script.fail("DetectFaces", AWAY, AWAY)
    assert len((await sightline.faces.detect(b"picture")).faces) == 1
    assert len(script.named("DetectFaces")) == 3


async def test_a_server_that_stays_away_is_given_up_after_every_attempt(sightline, script):
    script.fail("DetectFaces", *[AWAY] * 10)
    with pytest.raises(Unavailable) as caught:
        await sightline.faces.detect(b"picture")
    assert (caught.value.reason, caught.value.attempts, len(script.calls)) == ("STATE_UNAVAILABLE", 8, 8)


async def test_retry_info_is_honoured(sightline, script):
    script.fail("DetectFaces", status("RESOURCE_EXHAUSTED", "QUEUE_FULL", details=[retry_in(0.3)]))
    begin = time.monotonic()
    await sightline.faces.detect(b"picture")
    assert time.monotonic() - begin >= 0.3


async def test_a_quota_that_is_back_only_tomorrow_is_an_error_at_once(sightline, script):
    script.fail("DetectFaces", status("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", details=[retry_in(3600)]))
    with pytest.raises(QuotaExceeded) as caught:
        await sightline.faces.detect(b"picture")
    assert (caught.value.retry_after_seconds, len(script.calls)) == (3600, 1)


async def test_exhaustion_without_retry_info_is_final(sightline, script):
    script.fail("DetectFaces", status("RESOURCE_EXHAUSTED"))
    with pytest.raises(QuotaExceeded):
        await sightline.faces.detect(b"picture")
    assert len(script.calls) == 1


async def test_the_fields_that_break_their_rules_are_named(sightline, script):
    bad = error_details_pb2.BadRequest(field_violations=[{"field": "options.min_score", "description": "too much"}])
    script.fail("DetectFaces", status("INVALID_ARGUMENT", "INVALID_ARGUMENT", "wrong", [bad]))
    with pytest.raises(InvalidRequest, match="wrong") as caught:
        await sightline.faces.detect(b"picture", min_score=2)
    error = caught.value
    assert (error.code, error.request_id) == ("INVALID_ARGUMENT", "r-1")
    assert (error.violations[0].field, error.violations[0].description) == ("options.min_score", "too much")


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        ("INVALID_ARGUMENT", "MEDIA_CORRUPT", MediaRejected),
        ("UNAUTHENTICATED", "UNAUTHENTICATED", Unauthenticated),
        ("NOT_FOUND", "NOT_FOUND", NotFound),
        ("FAILED_PRECONDITION", "JOB_ENDED", Conflict),
        ("FAILED_PRECONDITION", "KIND_NOT_SERVED", NotOffered),
        ("UNIMPLEMENTED", "METHOD_NOT_FOUND", NotOffered),
        ("INTERNAL", "INTERNAL", ServerFault),
        ("DATA_LOSS", "", ServerFault),
        ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", DeadlineExceeded),
    ],
)
async def test_each_code_has_its_exception_and_is_not_tried_again(sightline, script, code, reason, expected):
    script.fail("GetJob", status(code, reason))
    with pytest.raises(expected) as caught:
        await sightline.jobs.get("1")
    assert (type(caught.value), caught.value.reason, len(script.calls)) == (expected, reason, 1)


async def test_the_key_is_sent_as_a_bearer_token(sightline, script):
    await sightline.health()
    assert script.calls[0].metadata["authorization"] == "Bearer sk-test"


async def test_the_deadline_covers_all_attempts(sightline, script):
    script.fail("DetectFaces", *[status("UNAVAILABLE", "OVERLOADED", details=[retry_in(0.2)])] * 10)
    begin = time.monotonic()
    with pytest.raises(Unavailable):
        await sightline.faces.detect(b"picture", timeout=0.5)
    assert time.monotonic() - begin < 0.6


async def test_nobody_listening_is_unavailable_in_plain_words():
    async with AsyncSightline("127.0.0.1:1", retry=RetryPolicy(attempts=1)) as sightline:
        with pytest.raises(Unavailable, match="the server does not answer"):
            await sightline.health()


async def test_a_client_may_be_made_before_the_event_loop_that_uses_it(address):
    sightline = await asyncio.to_thread(AsyncSightline, address)
    assert await sightline.health()
    await sightline.close()


async def test_cancelling_the_task_cancels_the_call(address, script):
    script.hang_watch = True
    async with AsyncSightline(address) as sightline:
        job = await sightline.jobs.detect_faces(b"picture")
        task = asyncio.create_task(sightline.jobs.wait(job))
        await asyncio.sleep(0.2)
        assert script.named("WatchJob")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_the_active_span_is_passed_on(address, script):
    tracer = TracerProvider().get_tracer("test")
    async with AsyncSightline(address) as sightline:
        with tracer.start_as_current_span("outer"):
            TraceContextTextMapPropagator().inject(expected := {})
            await sightline.health()
        await sightline.health()
    assert script.calls[0].metadata["traceparent"] == expected["traceparent"]
    assert "traceparent" not in script.calls[1].metadata


def test_every_failure_of_grpc_has_an_exception():
    from sightline.client.errors import SightlineError, error_class

    assert all(issubclass(error_class(code.name, ""), SightlineError) for code in grpc.StatusCode)


class Failure(grpc.RpcError):
    """A failure that no server has explained, as gRPC tells it."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        self.code = lambda: code  # type: ignore[method-assign]
        self.details = lambda: details  # type: ignore[method-assign]
        self.trailing_metadata = lambda: None  # type: ignore[method-assign,assignment,return-value]


@pytest.mark.parametrize(
    ("code", "details"),
    [
        (grpc.StatusCode.INTERNAL, "Received RST_STREAM with error code 2"),
        (grpc.StatusCode.UNKNOWN, "Stream removed (RST_STREAM (Received RST_STREAM with error code 2))"),
        (grpc.StatusCode.INTERNAL, "Internal error from Core"),
    ],
)
def test_a_lost_connection_is_unavailable_whatever_grpc_calls_it(code, details):
    error = from_call(Failure(code, details))
    assert isinstance(error, Unavailable)
    assert details in error.message


def test_a_fault_that_grpc_reports_stays_one():
    assert isinstance(from_call(Failure(grpc.StatusCode.INTERNAL, "Exception deserializing response!")), ServerFault)
