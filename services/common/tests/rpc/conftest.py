"""In-process servers on free ports, and a contract with a method of every shape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from sightline.common.rpc import RpcServer, open_channel
from sightline.common.settings import RpcSettings, TelemetrySettings
from sightline.common.telemetry import Metrics, Readiness, make_tracer_provider

SHAPES = {"One": (False, False), "Pour": (True, False), "Tell": (False, True), "Talk": (True, True)}


class Rig:
    """Makes servers and channels that share metrics and spans, and closes them in the right order."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.metrics = Metrics()
        self.spans = InMemorySpanExporter()
        self.provider = make_tracer_provider(
            TelemetrySettings(trace_sample_ratio=1.0), "test", "0", SimpleSpanProcessor(self.spans)
        )

    def server(self, admit: Any = None, readiness: Readiness | None = None, **settings: Any) -> RpcServer:
        return RpcServer(
            RpcSettings(**{"drain_seconds": 0.2, **settings}),
            self.metrics,
            self.provider,
            readiness or Readiness({}, cache_seconds=0.01),
            admit,
        )

    async def start(self, server: RpcServer) -> grpc.aio.Channel:
        await self._stack.enter_async_context(server)
        return await self.channel(server.port)

    async def channel(self, port: int) -> Any:
        self.last_channel: Any = await self._stack.enter_async_context(open_channel(f"127.0.0.1:{port}"))
        return self.last_channel


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with AsyncExitStack() as stack:
        yield Rig(stack)


@pytest.fixture(scope="session")
def echo_contract() -> Any:
    """The descriptor of `test.v1.Echo`: One, Pour (client stream), Tell (server stream), Talk (both)."""
    file = descriptor_pb2.FileDescriptorProto(name="test/v1/echo.proto", package="test.v1", syntax="proto3")
    file.message_type.add(name="Bytes")
    service = file.service.add(name="Echo")
    for name, (client, server) in SHAPES.items():
        service.method.add(
            name=name,
            input_type=".test.v1.Bytes",
            output_type=".test.v1.Bytes",
            client_streaming=client,
            server_streaming=server,
        )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool.FindServiceByName("test.v1.Echo")


@pytest.fixture
def echo_handlers() -> Any:
    """Makes the handlers of `test.v1.Echo` from one function that is given the request bytes."""

    def make(answer: Any) -> dict[str, Any]:
        async def one(request: Any, context: Any) -> bytes:
            return await answer(request, context)

        async def pour(requests: Any, context: Any) -> bytes:
            return await answer(b"".join([request async for request in requests]), context)

        async def tell(request: Any, context: Any) -> Any:
            yield await answer(request, context)
            yield await answer(request, context)

        async def talk(requests: Any, context: Any) -> Any:
            async for request in requests:
                yield await answer(request, context)

        return {
            "One": grpc.unary_unary_rpc_method_handler(one),
            "Pour": grpc.stream_unary_rpc_method_handler(pour),
            "Tell": grpc.unary_stream_rpc_method_handler(tell),
            "Talk": grpc.stream_stream_rpc_method_handler(talk),
        }

    return make


@pytest.fixture
def call_echo() -> Any:
    """Calls a method of `test.v1.Echo`, whatever its shape, and gives all that it answers."""

    async def call(channel: Any, name: str, request: bytes = b"x", **options: Any) -> list[bytes]:
        path = f"/test.v1.Echo/{name}"
        match SHAPES[name]:
            case False, False:
                return [await channel.unary_unary(path)(request, **options)]
            case True, False:
                return [await channel.stream_unary(path)(iter([request, request]), **options)]
            case False, True:
                return [answer async for answer in channel.unary_stream(path)(request, **options)]
        return [answer async for answer in channel.stream_stream(path)(iter([request]), **options)]

    return call


@pytest.fixture
def details_of() -> Any:
    """Gives the details of a failed call by the name of their type; each type may come once."""

    def details(error: grpc.aio.AioRpcError) -> dict[str, Any]:
        packed = dict(error.trailing_metadata() or ())["grpc-status-details-bin"]
        status = status_pb2.Status.FromString(packed)
        assert status.code == error.code().value[0]
        assert status.message == error.details()
        found: dict[str, Any] = {}
        for one in status.details:
            name = one.type_url.rpartition(".")[2]
            assert name not in found, f"two {name}"
            found[name] = getattr(error_details_pb2, name).FromString(one.value)
        return found

    return details
