from __future__ import annotations

import asyncio
import socket

import grpc
import pytest

from sightline.common.errors import FieldViolation, InvalidRequest, Reason, TemporarilyAway
from sightline.common.rpc import Forwarder, Identity, admit_forwarded, current_call, current_identity

SHAPES = ["One", "Pour", "Tell", "Talk"]
ALICE = Identity("alice", "key-1", frozenset({"faces"}))


async def admit_alice(context, method, metadata):
    return ALICE


@pytest.fixture
async def forwarded(rig, echo_contract, echo_handlers):
    """Makes a service of one function and a gateway before it; gives the gateway's channel."""

    async def make(answer, **options):
        service = rig.server(admit_forwarded)
        service.add_methods("test.v1.Echo", echo_handlers(answer))
        gateway = rig.server(admit_alice)
        Forwarder(echo_contract, await rig.start(service), rig.metrics, **options).add_to(gateway)
        return await rig.start(gateway)

    return make


@pytest.mark.parametrize("shape", SHAPES)
async def test_bytes_come_and_go_as_they_are_for_every_shape(forwarded, call_echo, shape):
    async def answer(request, context):
        return b"\xff\x00" + request

    answers = await call_echo(await forwarded(answer), shape, b"\xfe raw")
    expected = {"Pour": [b"\xff\x00\xfe raw\xfe raw"], "Tell": [b"\xff\x00\xfe raw"] * 2}
    assert answers == expected.get(shape, [b"\xff\x00\xfe raw"])


@pytest.mark.parametrize("shape", SHAPES)
async def test_the_status_of_the_service_reaches_the_client_untouched(forwarded, rig, call_echo, details_of, shape):
    async def answer(request, context):
        current_call().trailing.append(("x-more", "1"))
        raise InvalidRequest("Wrong", [FieldViolation("image", "is missing")])

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call_echo(await forwarded(answer), shape)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    details = details_of(raised.value)
    assert set(details) == {"ErrorInfo", "BadRequest"}
    assert details["BadRequest"].field_violations[0].field == "image"
    keys = [key for key, _ in raised.value.trailing_metadata()]
    assert "x-more" in keys
    assert keys.count("x-request-id") == 1
    labels = {"service": "test.v1.Echo", "code": "INVALID_ARGUMENT"}
    assert rig.metrics.registry.get_sample_value("sightline_forwarded_errors_total", labels) == 1


async def test_the_trailers_of_a_good_answer_come_along(forwarded):
    async def answer(request, context):
        current_call().trailing.append(("x-model", "scrfd"))
        return b"ok"

    channel = await forwarded(answer)
    call = channel.unary_unary("/test.v1.Echo/One")(b"", metadata=(("x-request-id", "r-1"),))
    await call
    trailing = list(await call.trailing_metadata())
    assert ("x-model", "scrfd") in trailing
    assert [value for key, value in trailing if key == "x-request-id"] == ["r-1"]


async def test_the_service_learns_who_asks_and_under_which_request_id(forwarded, call_echo):
    async def answer(request, context):
        assert current_identity() == ALICE
        return current_call().request_id.encode()

    channel = await forwarded(answer)
    assert await call_echo(channel, "One", metadata=(("x-request-id", "r-7"),)) == [b"r-7"]


async def test_a_client_can_not_pass_itself_off_as_another_tenant(forwarded, call_echo):
    async def answer(request, context):
        tenants = [value for key, value in context.invocation_metadata() if key == "x-sightline-tenant"]
        return ",".join(tenants).encode()

    channel = await forwarded(answer)
    assert await call_echo(channel, "One", metadata=(("x-sightline-tenant", "bob"),)) == [b"alice"]


async def test_the_service_gets_what_is_left_of_the_deadline(forwarded, call_echo):
    async def answer(request, context):
        return f"{context.time_remaining()}".encode()

    channel = await forwarded(answer)
    [left] = await call_echo(channel, "One", timeout=20)
    assert 15 < float(left) < 21


async def test_a_call_without_a_deadline_gets_the_forwarders(forwarded, call_echo):
    async def answer(request, context):
        return f"{context.time_remaining()}".encode()

    channel = await forwarded(answer, timeout_seconds=7)
    [left] = await call_echo(channel, "One")
    assert 5 < float(left) < 8


async def test_a_slow_service_is_a_deadline_with_its_reason(forwarded, call_echo, details_of):
    async def answer(request, context):
        await asyncio.sleep(30)
        return b""

    channel = await forwarded(answer, timeout_seconds=0.2)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call_echo(channel, "One")
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert details_of(raised.value)["ErrorInfo"].reason == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_client_that_gives_up_cancels_the_work_behind(forwarded, shape):
    began, ended = asyncio.Event(), asyncio.Event()

    async def answer(request, context):
        began.set()
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()
        return b""

    channel = await forwarded(answer)
    path = f"/test.v1.Echo/{shape}"
    match shape:
        case "One":
            call = channel.unary_unary(path)(b"")
        case "Pour":
            call = channel.stream_unary(path)(iter([b""]))
        case "Tell":
            call = channel.unary_stream(path)(b"")
        case _:
            call = channel.stream_stream(path)(iter([b""]))
    await asyncio.wait_for(began.wait(), 5)
    call.cancel()
    await asyncio.wait_for(ended.wait(), 5)


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_service_that_is_away_says_when_to_come_back(rig, echo_contract, call_echo, details_of, shape):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    gateway = rig.server()
    Forwarder(echo_contract, await rig.channel(free), rig.metrics).add_to(gateway)
    channel = await rig.start(gateway)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call_echo(channel, shape, timeout=5)
    details = details_of(raised.value)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    assert details["ErrorInfo"].reason == "SERVICE_UNAVAILABLE"
    assert details["RetryInfo"].retry_delay.ToTimedelta().total_seconds() > 0
    assert str(free) not in raised.value.details()


async def test_a_service_that_says_unavailable_itself_keeps_its_own_reason(forwarded, call_echo, details_of):
    async def answer(request, context):
        raise TemporarilyAway(Reason.OVERLOADED, "Too much at once", retry_after_seconds=4)

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call_echo(await forwarded(answer), "One", timeout=5)
    details = details_of(raised.value)
    assert details["ErrorInfo"].reason == "OVERLOADED"
    assert details["RetryInfo"].retry_delay.seconds == 4


async def test_unavailable_is_tried_again_and_nothing_else_is(forwarded, call_echo):
    tries = []

    async def answer(request, context):
        tries.append(request)
        if len(tries) < 3:
            raise TemporarilyAway(Reason.OVERLOADED, "Busy")
        raise InvalidRequest("Wrong")

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call_echo(await forwarded(answer), "One", timeout=10)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert len(tries) == 3


async def test_a_large_message_goes_through_in_both_directions(forwarded, call_echo):
    async def answer(request, context):
        return request

    picture = bytes(20 * 2**20)
    assert await call_echo(await forwarded(answer), "One", picture) == [picture]


async def test_a_method_that_the_contract_does_not_have_is_not_forwarded(forwarded, details_of):
    async def answer(request, context):
        return b""

    channel = await forwarded(answer)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await channel.unary_unary("/test.v1.Echo/Secret")(b"")
    assert details_of(raised.value)["ErrorInfo"].reason == "METHOD_NOT_FOUND"
