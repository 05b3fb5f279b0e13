from __future__ import annotations

import asyncio

import grpc
import pytest
from structlog.testing import capture_logs

from sightline.common.errors import (
    TABLE,
    FieldViolation,
    InvalidRequest,
    NotFound,
    QuotaExceeded,
    Reason,
    SightlineError,
    TemporarilyAway,
)
from sightline.common.rpc import from_rpc_error, to_status

SHAPES = ["One", "Pour", "Tell", "Talk"]


async def failing(rig, echo_handlers, call_echo, failure, shape="One"):
    async def answer(request, context):
        raise failure

    server = rig.server()
    server.add_methods("test.v1.Echo", echo_handlers(answer))
    channel = await rig.start(server)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call_echo(channel, shape)
    return raised.value


@pytest.mark.parametrize("shape", SHAPES)
async def test_every_shape_of_method_answers_with_exactly_one_error_info(
    rig, echo_handlers, call_echo, details_of, shape
):
    failure = SightlineError(Reason.JOB_ENDED, "jobs/1 has ended", metadata={"state": "SUCCEEDED"})
    error = await failing(rig, echo_handlers, call_echo, failure, shape)
    info = details_of(error)["ErrorInfo"]
    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert (info.reason, info.domain, dict(info.metadata)) == ("JOB_ENDED", "sightline.dev", {"state": "SUCCEEDED"})
    assert error.details() == "jobs/1 has ended. Read the job; it has ended already."


async def test_each_violated_field_is_named(rig, echo_handlers, call_echo, details_of):
    failure = InvalidRequest("two are wrong", [FieldViolation("job.priority", "too high"), FieldViolation("a", "b")])
    error = await failing(rig, echo_handlers, call_echo, failure)
    fields = details_of(error)["BadRequest"].field_violations
    assert [(one.field, one.description) for one in fields] == [("job.priority", "too high"), ("a", "b")]


async def test_a_missing_resource_is_named(rig, echo_handlers, call_echo, details_of):
    error = await failing(rig, echo_handlers, call_echo, NotFound("jobs/7"))
    resource = details_of(error)["ResourceInfo"]
    assert (resource.resource_type, resource.resource_name) == ("sightline.dev/Job", "jobs/7")


async def test_what_is_away_says_when_to_come_back(rig, echo_handlers, call_echo, details_of):
    failure = TemporarilyAway(Reason.STATE_UNAVAILABLE, "The database is away", retry_after_seconds=2.5)
    error = await failing(rig, echo_handlers, call_echo, failure)
    assert details_of(error)["RetryInfo"].retry_delay.ToTimedelta().total_seconds() == 2.5


async def test_a_used_up_quota_names_its_subject_and_when_to_come_back(rig, echo_handlers, call_echo, details_of):
    failure = QuotaExceeded("1000 jobs an hour are used up", subject="key:1/jobs_per_hour", retry_after_seconds=60)
    details = details_of(await failing(rig, echo_handlers, call_echo, failure))
    assert details["QuotaFailure"].violations[0].subject == "key:1/jobs_per_hour"
    assert details["RetryInfo"].retry_delay.seconds == 60


@pytest.mark.parametrize("shape", SHAPES)
async def test_an_unknown_exception_tells_the_request_id_and_nothing_of_the_inside(
    rig, echo_handlers, call_echo, details_of, shape
):
    failure = RuntimeError("/srv/secret/path.py: password=hunter2")
    with capture_logs() as lines:
        error = await failing(rig, echo_handlers, call_echo, failure, shape)
    said = str(error) + str(error.trailing_metadata())
    for hidden in ("/srv", "hunter2", "RuntimeError", "Traceback", ".py"):
        assert hidden not in said
    request_id = dict(error.trailing_metadata())["x-request-id"]
    assert error.code() is grpc.StatusCode.INTERNAL
    assert details_of(error)["ErrorInfo"].metadata["request_id"] == request_id
    assert request_id in error.details()
    assert next(line for line in lines if line["event"] == "rpc_failed")["exc_info"] is failure


async def test_work_that_takes_too_long_is_a_deadline(rig, echo_handlers, call_echo, details_of):
    error = await failing(rig, echo_handlers, call_echo, TimeoutError())
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert details_of(error)["ErrorInfo"].reason == "DEADLINE_EXCEEDED"


async def test_something_cancelled_inside_is_answered_and_not_left_hanging(rig, echo_handlers, call_echo, details_of):
    error = await failing(rig, echo_handlers, call_echo, asyncio.CancelledError())
    assert error.code() is grpc.StatusCode.CANCELLED
    assert details_of(error)["ErrorInfo"].reason == "CANCELLED"


async def test_an_unknown_method_has_a_reason_and_makes_no_metric_of_its_own(rig, call_echo, details_of):
    channel = await rig.start(rig.server())
    for shape in SHAPES:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call_echo(channel, shape)
        assert details_of(raised.value)["ErrorInfo"].reason == "METHOD_NOT_FOUND"
    methods = {s.labels.get("method") for m in rig.metrics.rpc_seconds.collect() for s in m.samples}
    assert methods == {"/unknown"}


async def test_an_error_met_on_the_way_to_another_service_keeps_its_reason(rig, echo_handlers, call_echo, details_of):
    inner = await failing(rig, echo_handlers, call_echo, SightlineError(Reason.MODEL_UNAVAILABLE, "No model"))
    outer = await failing(rig, echo_handlers, call_echo, inner)
    assert details_of(outer)["ErrorInfo"].reason == "MODEL_UNAVAILABLE"
    assert outer.details() == inner.details()


@pytest.mark.parametrize("reason", list(Reason))
async def test_every_reason_survives_the_way_there_and_back(rig, echo_handlers, call_echo, reason):
    received = from_rpc_error(await failing(rig, echo_handlers, call_echo, SightlineError(reason, "What happened")))
    assert (received.reason, received.message.rstrip(".")) == (reason, "What happened")
    assert received.retryable == TABLE[reason].retryable


async def test_fields_resource_quota_and_retry_survive_the_way_there_and_back(rig, echo_handlers, call_echo):
    violations = (FieldViolation("job.priority", "too high"),)
    invalid = from_rpc_error(await failing(rig, echo_handlers, call_echo, InvalidRequest("Wrong", violations)))
    missing = from_rpc_error(await failing(rig, echo_handlers, call_echo, NotFound("media/9")))
    quota = QuotaExceeded("Used up", subject="key:1", retry_after_seconds=3.0)
    used_up = from_rpc_error(await failing(rig, echo_handlers, call_echo, quota))
    assert isinstance(invalid, InvalidRequest)
    assert invalid.violations == violations
    assert isinstance(missing, NotFound)
    assert missing.resource_name == "media/9"
    assert isinstance(used_up, QuotaExceeded)
    assert (used_up.subject, used_up.retry_after_seconds) == ("key:1", 3.0)


async def test_nobody_listening_is_a_service_that_is_away_and_names_no_address(rig, call_echo):
    channel = await rig.channel(1)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call_echo(channel, "One", timeout=5)
    received = from_rpc_error(raised.value)
    assert received.reason is Reason.SERVICE_UNAVAILABLE
    assert "127.0.0.1" not in received.message
    assert received.retry_after_seconds is not None


def test_the_details_of_a_thousand_violations_fit_into_a_trailer():
    violations = [FieldViolation(f"requests[{n}].job.spec", "x" * 500) for n in range(1000)]
    status = to_status(InvalidRequest("y" * 5000, violations))
    assert status.ByteSize() < 6000


def test_the_rest_of_too_many_violations_is_counted():
    violations = [FieldViolation(f"f{n}", "x" * 250) for n in range(50)]
    status = to_status(InvalidRequest("Many", violations))
    assert b"and " in status.SerializeToString()
    assert b" more" in status.SerializeToString()
