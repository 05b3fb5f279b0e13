from __future__ import annotations

import asyncio
import time

import grpc
import pytest
import structlog
from structlog.testing import capture_logs

from sightline.common.errors import Reason, SightlineError
from sightline.common.rpc import Identity, admit_forwarded, current_call, current_identity, outgoing_metadata
from sightline.common.rpc.admission import identity_metadata

ALICE = Identity("alice", "key-1", frozenset({"jobs.read", "jobs.write"}))


async def serve(rig, echo_handlers, answer, admit=None):
    server = rig.server(admit)
    server.add_methods("test.v1.Echo", echo_handlers(answer))
    return await rig.start(server)


async def answer_request_id(request, context):
    return current_call().request_id.encode()


async def test_the_clients_request_id_is_kept_and_answered(rig, echo_handlers):
    channel = await serve(rig, echo_handlers, answer_request_id)
    call = channel.unary_unary("/test.v1.Echo/One")(b"", metadata=(("x-request-id", "abc-1"),))
    assert await call == b"abc-1"
    assert dict(await call.trailing_metadata())["x-request-id"] == "abc-1"


@pytest.mark.parametrize("forged", ["", "x" * 129, "two words", 'a"b'])
async def test_a_request_id_that_could_forge_a_log_line_is_replaced(rig, echo_handlers, call_echo, forged):
    channel = await serve(rig, echo_handlers, answer_request_id)
    [answered] = await call_echo(channel, "One", metadata=(("x-request-id", forged),))
    assert len(answered) == 32
    assert answered.decode() != forged


@pytest.mark.parametrize("shape", ["One", "Pour", "Tell", "Talk"])
async def test_admission_says_who_asks_before_the_method_runs(rig, echo_handlers, call_echo, shape):
    asked = []

    async def admit(context, method, metadata):
        asked.append((method, metadata["authorization"]))
        return ALICE

    async def answer(request, context):
        return current_identity().tenant.encode()

    channel = await serve(rig, echo_handlers, answer, admit)
    answers = await call_echo(channel, shape, metadata=(("authorization", "Bearer x"),))
    assert set(answers) == {b"alice"}
    assert asked == [(f"/test.v1.Echo/{shape}", "Bearer x")]


async def test_a_refused_caller_never_reaches_the_method(rig, echo_handlers, call_echo, details_of):
    reached = []

    async def admit(context, method, metadata):
        raise SightlineError(Reason.UNAUTHENTICATED, "The key is unknown")

    async def answer(request, context):
        reached.append(request)
        return b""

    channel = await serve(rig, echo_handlers, answer, admit)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call_echo(channel, "One")
    assert details_of(raised.value)["ErrorInfo"].reason == "UNAUTHENTICATED"
    assert reached == []


async def test_admission_can_say_what_is_left_of_a_quota(rig, echo_handlers):
    async def admit(context, method, metadata):
        current_call().trailing.append(("ratelimit-remaining", "41"))
        return ALICE

    channel = await serve(rig, echo_handlers, answer_request_id, admit)
    call = channel.unary_unary("/test.v1.Echo/One")(b"")
    await call
    assert dict(await call.trailing_metadata())["ratelimit-remaining"] == "41"


async def test_who_asks_is_passed_on_to_the_service_behind(rig, echo_handlers, call_echo):
    async def answer(request, context):
        assert current_identity() == ALICE
        return str(dict(outgoing_metadata())["x-sightline-tenant"]).encode()

    channel = await serve(rig, echo_handlers, answer, admit_forwarded)
    assert await call_echo(channel, "One", metadata=tuple(identity_metadata(ALICE))) == [b"alice"]


async def test_a_method_without_admission_has_no_identity_to_give(rig, echo_handlers, call_echo, details_of):
    async def answer(request, context):
        return current_identity().tenant.encode()

    channel = await serve(rig, echo_handlers, answer)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call_echo(channel, "One")
    assert details_of(raised.value)["ErrorInfo"].reason == "INTERNAL"


async def test_what_is_left_of_the_deadline_is_known(rig, echo_handlers, call_echo):
    async def answer(request, context):
        return f"{current_call().remaining_seconds()}".encode()

    channel = await serve(rig, echo_handlers, answer)
    [left] = await call_echo(channel, "One", timeout=30)
    assert 28 < float(left) < 31  # gRPC rounds a timeout up on the wire
    assert await call_echo(channel, "One") == [b"None"]


async def test_work_whose_deadline_has_passed_is_refused(rig, echo_handlers):
    from sightline.common.rpc.calls import Call
    from sightline.common.rpc.chain import Chain
    from sightline.common.rpc.inflight import InFlight
    from sightline.common.rpc.route import Route

    class LateContext:
        aborted = None

        def invocation_metadata(self):
            return ()

        def time_remaining(self):
            return 0

        async def abort(self, code, details, trailing):
            self.aborted = code
            raise grpc.aio.AbortError

    async def work():
        raise AssertionError("must not run")

    context = LateContext()
    chain = Chain(rig.provider.get_tracer("t"), InFlight(), None)
    with pytest.raises(grpc.aio.AbortError):
        await chain.run(Route("/a/B", rig.metrics), context, work)
    assert context.aborted is grpc.StatusCode.DEADLINE_EXCEEDED
    assert isinstance(current_call(), Call)


async def test_a_client_that_gives_up_cancels_the_work(rig, echo_handlers, call_echo):
    began, ended = asyncio.Event(), asyncio.Event()

    async def answer(request, context):
        began.set()
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()
        return b""

    channel = await serve(rig, echo_handlers, answer)
    call = channel.unary_unary("/test.v1.Echo/One")(b"")
    await asyncio.wait_for(began.wait(), 5)
    call.cancel()
    await asyncio.wait_for(ended.wait(), 5)
    assert await counted(rig, "CANCELLED") == 1


async def test_a_deadline_that_passes_is_counted_as_one(rig, echo_handlers, call_echo):
    async def answer(request, context):
        await asyncio.sleep(30)
        return b""

    channel = await serve(rig, echo_handlers, answer)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call_echo(channel, "One", timeout=0.1)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert await counted(rig, "DEADLINE_EXCEEDED") == 1


async def counted(rig, code: str) -> float | None:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        labels = {"method": "/test.v1.Echo/One", "code": code}
        found = rig.metrics.registry.get_sample_value("sightline_rpc_seconds_count", labels)
        if found:
            return found
        await asyncio.sleep(0.01)
    return None


async def test_calls_are_counted_by_method_and_code_and_while_they_run(rig, echo_handlers, call_echo):
    running = []

    async def answer(request, context):
        labels = {"method": "/test.v1.Echo/One"}
        running.append(rig.metrics.registry.get_sample_value("sightline_rpc_in_flight", labels))
        return b""

    channel = await serve(rig, echo_handlers, answer)
    await call_echo(channel, "One")
    await call_echo(channel, "One")
    assert await counted(rig, "OK") == 2
    assert running == [1, 1]
    in_flight = rig.metrics.registry.get_sample_value("sightline_rpc_in_flight", {"method": "/test.v1.Echo/One"})
    assert in_flight == 0


async def test_log_lines_of_a_call_carry_its_request_id_and_tenant(rig, echo_handlers, call_echo):
    async def admit(context, method, metadata):
        return ALICE

    async def answer(request, context):
        structlog.get_logger().info("inside")
        raise SightlineError(Reason.JOB_ENDED, "It has ended")

    channel = await serve(rig, echo_handlers, answer, admit)
    with (
        capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines,
        pytest.raises(grpc.aio.AioRpcError),
    ):
        await call_echo(channel, "One", metadata=(("x-request-id", "r-1"),))
    inside, refused = [line for line in lines if line["event"] in ("inside", "rpc_refused")]
    assert (inside["request_id"], inside["tenant"]) == ("r-1", "alice")
    assert (refused["method"], refused["code"], refused["reason"]) == (
        "/test.v1.Echo/One",
        "FAILED_PRECONDITION",
        "JOB_ENDED",
    )
    assert refused["request_id"] == "r-1"


async def test_a_servicer_that_writes_to_its_context_is_served_like_one_that_yields(rig, echo_handlers, call_echo):
    async def write(request, context):
        await context.write(b"1")
        await context.write(b"2")

    server = rig.server()
    server.add_methods("test.v1.Echo", {"Tell": grpc.unary_stream_rpc_method_handler(write)})
    assert await call_echo(await rig.start(server), "Tell") == [b"1", b"2"]


async def test_a_servicer_that_aborts_by_itself_keeps_its_status(rig, echo_handlers, call_echo):
    async def answer(request, context):
        await context.abort(grpc.StatusCode.DATA_LOSS, "by hand")

    channel = await serve(rig, echo_handlers, answer)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call_echo(channel, "One")
    assert (raised.value.code(), raised.value.details()) == (grpc.StatusCode.DATA_LOSS, "by hand")
    assert await counted(rig, "DATA_LOSS") == 1
