"""The breaker before a service: open while nobody answers there, closed again when somebody does."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import grpc
from backend import Backend, rpc_server

from sightline.common.errors import Reason, SightlineError, TemporarilyAway
from sightline.common.rpc import RpcServer, from_rpc_error
from sightline.gateway.settings import AnalysisServices, BreakerSettings, Settings
from sightline.v1 import face_service_pb2, face_service_pb2_grpc, usage_service_pb2 as usage

Breaker = usage.GetSystemStatsResponse.Breaker
REQUEST = face_service_pb2.DetectFacesRequest(image={"media": "media/0192f0c1-2a3b-7c4d-8e5f-60718293a4b5"})


async def detect(client: Any, seconds: float = 5) -> SightlineError | None:
    """Ask the face service through the gateway."""
    stub = face_service_pb2_grpc.FaceServiceStub(client.channel)
    try:
        await stub.DetectFaces(REQUEST, metadata=client.metadata, timeout=seconds)
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error)
    return None


async def state_of(client: Any, name: str = "face") -> Any:
    stats = await client.usage.GetSystemStats(usage.GetSystemStatsRequest(), metadata=client.metadata)
    return next(one.state for one in stats.breakers if one.name == name)


async def served(backend: Backend, port: int = 0) -> RpcServer:
    server = rpc_server(backend, port)
    await server.start()
    return server


async def test_it_opens_when_the_service_stops_and_closes_when_it_is_back(
    start: Any, call: Any, settings: Settings
) -> None:
    backend = Backend()
    service = await served(backend)
    breakers = BreakerSettings(failures=3, open_seconds=60)
    services = AnalysisServices(face=f"127.0.0.1:{service.port}")
    client = await call(await start(settings.model_copy(update={"services": services, "breakers": breakers})))
    try:
        assert await detect(client) is None
        assert await state_of(client) == Breaker.STATE_CLOSED

        backend.failure = TemporarilyAway(Reason.OVERLOADED, "busy")
        for _ in range(6):
            assert getattr(await detect(client), "reason", None) is Reason.OVERLOADED
        backend.failure, backend.seconds = None, 0.3
        for _ in range(6):
            assert getattr(await detect(client, 0.05), "reason", None) is Reason.DEADLINE_EXCEEDED
        backend.seconds = 0
        assert await state_of(client) == Breaker.STATE_CLOSED

        await service.drain()
        errors = [await detect(client) for _ in range(4)]
        assert all(error and error.reason is Reason.SERVICE_UNAVAILABLE for error in errors)
        assert await state_of(client) == Breaker.STATE_OPEN
        began, asked = time.monotonic(), len(backend.requests)
        refused = [await detect(client) for _ in range(20)]
        assert time.monotonic() - began < 0.4
        assert all(error and error.retry_after_seconds and 50 < error.retry_after_seconds <= 60 for error in refused)

        service = await served(backend, service.port)
        assert len(backend.requests) == asked
        deadline = time.monotonic() + 15
        while await detect(client) is not None and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        assert await state_of(client) == Breaker.STATE_CLOSED
        assert await detect(client) is None
    finally:
        await service.drain()


async def test_a_service_that_was_never_there_is_refused_at_once_after_some_calls(
    start: Any, call: Any, settings: Settings
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        services = AnalysisServices(face=f"127.0.0.1:{free.getsockname()[1]}")
        client = await call(await start(settings.model_copy(update={"services": services})))
        for _ in range(6):
            assert getattr(await detect(client), "reason", None) is Reason.SERVICE_UNAVAILABLE
        assert await state_of(client) == Breaker.STATE_OPEN
