from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from sightline.common.rpc import RpcServer, run, stop_signal
from sightline.common.telemetry import Readiness
from sightline.v1 import face_service_pb2_grpc

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


def watch(channel, service=""):
    return health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=service))


async def soon(iterator):
    return (await asyncio.wait_for(anext(aiter(iterator)), 5)).status


async def test_a_running_call_finishes_while_the_server_drains(rig, echo_handlers, call_echo):
    began = asyncio.Event()

    async def answer(request, context):
        began.set()
        await asyncio.sleep(0.3)
        return b"finished"

    server = rig.server(drain_seconds=10)
    server.add_methods("test.v1.Echo", echo_handlers(answer))
    channel = await rig.start(server)
    call = asyncio.create_task(call_echo(channel, "One"))
    await began.wait()
    started = time.monotonic()
    await server.drain()
    assert await call == [b"finished"]
    assert time.monotonic() - started < 3


async def test_new_calls_are_refused_while_the_server_drains(rig, echo_handlers, call_echo):
    began, release = asyncio.Event(), asyncio.Event()

    async def answer(request, context):
        began.set()
        await release.wait()
        return b""

    server = rig.server(drain_seconds=10)
    server.add_methods("test.v1.Echo", echo_handlers(answer))
    channel = await rig.start(server)
    running = asyncio.create_task(call_echo(channel, "One"))
    await began.wait()
    draining = asyncio.create_task(server.drain())
    await asyncio.sleep(0.1)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call_echo(await rig.channel(server.port), "One", timeout=2)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    release.set()
    assert await running == [b""]
    await draining


@pytest.mark.parametrize("shape", ["One", "Tell"])
async def test_a_call_that_outlasts_the_drain_is_told_to_go_elsewhere(rig, echo_handlers, call_echo, details_of, shape):
    began = asyncio.Event()

    async def answer(request, context):
        began.set()
        await asyncio.sleep(60)
        return b""

    server = rig.server(drain_seconds=0.1)
    server.add_methods("test.v1.Echo", echo_handlers(answer))
    await rig.start(server)
    # A channel of ours would try again elsewhere, where nobody is; what counts is what this server said.
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}", [("grpc.enable_retries", 0)]) as channel:
        call = asyncio.create_task(call_echo(channel, shape, timeout=5))
        await began.wait()
        await server.drain()
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call
    assert details_of(raised.value)["ErrorInfo"].reason == "DRAINING"


async def test_a_stream_that_would_last_for_ever_ends_at_once_with_draining(rig, details_of):
    began = asyncio.Event()

    async def watch_for_ever(request, context):
        yield b"first"
        began.set()
        await asyncio.sleep(60)

    handler = grpc.unary_stream_rpc_method_handler(watch_for_ever)
    server = rig.server(drain_seconds=30)
    server.add(
        lambda handlers, to: to.add_registered_method_handlers("t.v1.W", handlers),
        {"W": handler},
        ends_at_drain=["W"],
    )
    channel = await rig.start(server)
    call = channel.unary_stream("/t.v1.W/W")(b"")
    assert await call.read() == b"first"
    await began.wait()
    started = time.monotonic()
    await server.drain()
    assert time.monotonic() - started < 5
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call.read()
    assert details_of(raised.value)["ErrorInfo"].reason == "DRAINING"


async def test_an_open_health_watch_does_not_hold_up_a_drain(rig):
    server = rig.server(drain_seconds=30)
    channel = await rig.start(server)
    watching = watch(channel)
    assert await soon(watching) == SERVING
    started = time.monotonic()
    await server.drain()
    assert time.monotonic() - started < 5
    assert await soon(watching) == NOT_SERVING


async def test_health_follows_readiness(rig, monkeypatch):
    monkeypatch.setattr("sightline.common.rpc.server._HEALTH_SECONDS", 0.02)
    away = True

    async def check():
        if away:
            raise ConnectionError

    server = rig.server(readiness=Readiness({"postgres": check}, cache_seconds=0.01))
    server.add(face_service_pb2_grpc.add_FaceServiceServicer_to_server, face_service_pb2_grpc.FaceServiceServicer())
    channel = await rig.start(server)
    stub = health_pb2_grpc.HealthStub(channel)
    whole, face = watch(channel), watch(channel, "sightline.v1.FaceService")
    assert (await soon(whole), await soon(face)) == (NOT_SERVING, NOT_SERVING)
    away = False
    assert (await soon(whole), await soon(face)) == (SERVING, SERVING)
    assert (await stub.Check(health_pb2.HealthCheckRequest())).status == SERVING
    away = True
    assert (await soon(whole), await soon(face)) == (NOT_SERVING, NOT_SERVING)


async def test_the_health_of_an_unknown_service_is_not_found_to_check_and_unknown_to_watch(rig):
    channel = await rig.start(rig.server())
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service="no.Such"))
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND
    assert await soon(watch(channel, "no.Such")) == UNKNOWN


async def test_health_and_reflection_need_no_key(rig, call_echo):
    async def admit(context, method, metadata):
        raise AssertionError("asked")

    channel = await rig.start(rig.server(admit))
    status = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert status.status == SERVING
    assert await reflected(channel, "grpc.reflection.v1", list_services="")


async def reflected(channel, package, **asked):
    path = f"/{package}.ServerReflection/ServerReflectionInfo"
    request = reflection_pb2.ServerReflectionRequest(**asked).SerializeToString()
    answers = [one async for one in channel.stream_stream(path)(iter([request]))]
    return reflection_pb2.ServerReflectionResponse.FromString(answers[0])


@pytest.mark.parametrize("package", ["grpc.reflection.v1", "grpc.reflection.v1alpha"])
async def test_reflection_lists_the_services_and_describes_each(rig, package):
    server = rig.server()
    server.add(face_service_pb2_grpc.add_FaceServiceServicer_to_server, face_service_pb2_grpc.FaceServiceServicer())
    channel = await rig.start(server)
    listed = await reflected(channel, package, list_services="")
    names = {one.name for one in listed.list_services_response.service}
    assert names == {
        "sightline.v1.FaceService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    }
    for name in names:
        found = await reflected(channel, package, file_containing_symbol=name)
        assert found.file_descriptor_response.file_descriptor_proto, name


async def test_port_zero_is_a_free_port_and_a_taken_one_is_refused(rig):
    first = rig.server()
    await rig.start(first)
    assert first.port > 0
    with pytest.raises(RuntimeError):
        await rig.server(port=first.port).start()


async def test_a_draining_process_is_not_ready(rig):
    readiness = Readiness({})
    server = rig.server(readiness=readiness)
    await rig.start(server)
    assert (await readiness.report()).ready
    await server.drain()
    assert not (await readiness.report()).ready


async def test_sigterm_ends_a_server_that_runs_until_stopped(rig, echo_handlers):
    server: RpcServer = rig.server()
    with stop_signal() as stop:
        running = asyncio.create_task(server.run_until(stop))
        while not server.port:
            await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(running, 5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_process_at_once(number):
    program = (
        "import asyncio\nfrom sightline.common.rpc import run, stop_signal\n"
        "async def main():\n"
        "    with stop_signal() as stop:\n"
        "        print('up', flush=True); await stop.wait(); print('draining', flush=True); await asyncio.sleep(60)\n"
        "run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)
        assert process.stdout.readline() == "draining\n"
        process.send_signal(number)
        assert process.wait(10) != 0


def test_run_uses_uvloop_and_gives_the_result():
    async def main():
        return type(asyncio.get_running_loop()).__module__

    assert run(main()) == "uvloop"
