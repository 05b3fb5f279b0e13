"""KEDA's external scaler, asked by a client that is made from KEDA's own contract."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest
from externalscaler import externalscaler_pb2 as keda, externalscaler_pb2_grpc as keda_grpc

from sightline.gateway.settings import ScalerSettings, Settings
from sightline.v1 import job_service_pb2 as api

Wanted = Callable[..., api.CreateJobRequest]


class Keda:
    """Asks as KEDA does."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub = keda_grpc.ExternalScalerStub(channel)

    def ref(self, **metadata: str) -> keda.ScaledObjectRef:
        return keda.ScaledObjectRef(name="face", namespace="media", scalerMetadata={"queue": "face", **metadata})

    async def active(self, **metadata: str) -> bool:
        return bool((await self.stub.IsActive(self.ref(**metadata))).result)

    async def value(self, **metadata: str) -> float:
        (spec,) = (await self.stub.GetMetricSpec(self.ref(**metadata))).metricSpecs
        request = keda.GetMetricsRequest(scaledObjectRef=self.ref(**metadata), metricName=spec.metricName)
        (value,) = (await self.stub.GetMetrics(request)).metricValues
        assert value.metricName == spec.metricName
        assert value.metricValue >= value.metricValueFloat
        return float(value.metricValueFloat)

    async def until(self, depth: float) -> None:
        async with asyncio.timeout(10):
            while await self.value() != depth:
                await asyncio.sleep(0.1)


@pytest.fixture
async def scaled(start: Any, call: Any, settings: Settings) -> AsyncIterator[tuple[Keda, Any]]:
    """A gateway that answers KEDA, and a client who makes work."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    door = await start(settings.model_copy(update={"scaler": ScalerSettings(enabled=True, port=port)}))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Keda(channel), await call(door)


async def test_the_depth_is_what_waits_and_what_runs(scaled: Any, wanted: Wanted, hand: Any) -> None:
    scaler, client = scaled
    assert not await scaler.active()
    for _ in range(3):
        request = wanted()
        request.force = True
        await client("CreateJob", request)
    await scaler.until(3)
    claim = await hand.claim()
    await scaler.until(3)
    assert await scaler.active()
    await hand.complete(claim)
    await scaler.until(2)


async def test_work_that_runs_keeps_its_worker_however_little_waits(scaled: Any, wanted: Wanted, hand: Any) -> None:
    scaler, client = scaled
    await client("CreateJob", wanted())
    await scaler.until(1)
    assert not await scaler.active(activation="5")
    claim = await hand.claim()
    async with asyncio.timeout(10):
        while not await scaler.active(activation="5"):
            await asyncio.sleep(0.1)
    await hand.complete(claim)


async def test_the_age_of_the_oldest_can_be_scaled_on(scaled: Any, wanted: Wanted) -> None:
    scaler, client = scaled
    await client("CreateJob", wanted())
    await asyncio.sleep(1.2)
    async with asyncio.timeout(10):
        while await scaler.value(metric="age") < 1:
            await asyncio.sleep(0.1)
    (spec,) = (await scaler.stub.GetMetricSpec(scaler.ref(metric="age", target="30.5"))).metricSpecs
    assert (spec.metricName, spec.targetSize, spec.targetSizeFloat) == ("sightline-face-age-seconds", 31, 30.5)


async def test_the_stream_tells_every_change_and_ends_when_the_gateway_does(scaled: Any, wanted: Wanted) -> None:
    scaler, client = scaled
    stream = scaler.stub.StreamIsActive(scaler.ref(), timeout=20)
    assert not (await stream.read()).result
    job = await client("CreateJob", wanted())
    assert (await stream.read()).result
    await client("CancelJob", api.CancelJobRequest(name=job.name))
    assert not (await stream.read()).result
    stream.cancel()


@pytest.mark.parametrize(
    "metadata",
    [{"queue": ""}, {"queue": "nobody"}, {"metric": "mood"}, {"target": "many"}, {"target": "0"}, {"activation": "-1"}],
)
async def test_metadata_that_make_no_sense_are_refused_in_words(scaled: Any, metadata: dict[str, str]) -> None:
    scaler, _ = scaled
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await scaler.active(**metadata)
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.value.details()
