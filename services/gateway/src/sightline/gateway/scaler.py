"""KEDA's external scaler: how much waits in the queue that a ScaledObject names.

The metadata of its trigger are `queue` (such as `face`), `metric` (`depth`, the default, or `age`), `target` (how much
of it one replica is for) and `activation` (from more than how much on there is work, 0 by default).
"""

# ruff: noqa: N802 - methods have their names from the contract

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Literal

from externalscaler import externalscaler_pb2 as keda, externalscaler_pb2_grpc as keda_grpc

from sightline.common.errors import FieldViolation, InvalidRequest
from sightline.common.rpc import Context
from sightline.common.state.upkeep import Depth
from sightline.gateway.depths import Depths

Measure = Literal["depth", "age"]

_LOOK_SECONDS = 1.0
_TARGETS: dict[Measure, float] = {"depth": 10.0, "age": 60.0}
# Of the tasks that wait or run, and of how long the oldest has waited.
_UNITS: dict[Measure, str] = {"depth": "tasks", "age": "seconds"}


@dataclass(frozen=True, slots=True)
class Trigger:
    """What a ScaledObject asks for.

    Attributes:
        queue: whose work.
        measure: what is measured of it.
        target: how much of it one replica is for.
        activation: from more than how much on there is work.
    """

    queue: str
    measure: Measure
    target: float
    activation: float

    @property
    def metric(self) -> str:
        """What the measure is called in the HPA."""
        return f"sightline-{self.queue}-{self.measure}-{_UNITS[self.measure]}"

    def value(self, depth: Depth) -> float:
        """Take the measure of a queue."""
        return depth.waiting + depth.running if self.measure == "depth" else depth.oldest_seconds


class ScalerServicer(keda_grpc.ExternalScalerServicer):
    """Answers KEDA; when the database is away it says so, and KEDA keeps or falls back to what it is told to."""

    def __init__(self, depths: Depths) -> None:
        self._depths = depths

    async def IsActive(self, request: keda.ScaledObjectRef, _context: Context) -> keda.IsActiveResponse:
        """Say whether there is work."""
        return keda.IsActiveResponse(result=await self._active(read_trigger(request.scalerMetadata)))

    async def StreamIsActive(
        self, request: keda.ScaledObjectRef, _context: Context
    ) -> AsyncIterator[keda.IsActiveResponse]:
        """Say at once, and with every change, whether there is work."""
        trigger, told = read_trigger(request.scalerMetadata), None
        while True:
            active = await self._active(trigger)
            if active is not told:
                yield keda.IsActiveResponse(result=active)
                told = active
            await asyncio.sleep(_LOOK_SECONDS)

    async def GetMetricSpec(self, request: keda.ScaledObjectRef, _context: Context) -> keda.GetMetricSpecResponse:
        """Say what is measured, and how much of it one replica is for."""
        trigger = read_trigger(request.scalerMetadata)
        target = keda.MetricSpec(
            metricName=trigger.metric, targetSize=math.ceil(trigger.target), targetSizeFloat=trigger.target
        )
        return keda.GetMetricSpecResponse(metricSpecs=[target])

    async def GetMetrics(self, request: keda.GetMetricsRequest, _context: Context) -> keda.GetMetricsResponse:
        """Measure."""
        trigger = read_trigger(request.scaledObjectRef.scalerMetadata)
        value = trigger.value(await self._depth(trigger))
        measured = keda.MetricValue(metricName=trigger.metric, metricValue=math.ceil(value), metricValueFloat=value)
        return keda.GetMetricsResponse(metricValues=[measured])

    async def _active(self, trigger: Trigger) -> bool:
        depth = await self._depth(trigger)
        # Work that runs keeps its worker, however little waits: from one replica to none it would be given back.
        return depth.running > 0 or trigger.value(depth) > trigger.activation

    async def _depth(self, trigger: Trigger) -> Depth:
        found = {one.queue: one for one in await self._depths.read()}
        if trigger.queue not in found:
            raise _invalid("queue", f"there is no queue {trigger.queue!r}; there are {', '.join(sorted(found))}")
        return found[trigger.queue]


def read_trigger(metadata: Mapping[str, str]) -> Trigger:
    """Read the metadata of a trigger.

    Raises:
        InvalidRequest: saying which of them is missing or wrong; KEDA shows it at the ScaledObject.
    """
    if not metadata.get("queue"):
        raise _invalid("queue", "name the queue, such as face")
    measure = metadata.get("metric", "depth")
    if measure not in _TARGETS:
        raise _invalid("metric", f"{measure!r} is neither depth nor age")
    return Trigger(
        metadata["queue"],
        measure,
        target=_number(metadata, "target", _TARGETS[measure], least=0.001),
        activation=_number(metadata, "activation", 0.0, least=0.0),
    )


def _number(metadata: Mapping[str, str], name: str, default: float, *, least: float) -> float:
    try:
        value = float(metadata.get(name, default))
    except ValueError:
        raise _invalid(name, f"{metadata[name]!r} is no number") from None
    if not (math.isfinite(value) and value >= least):
        raise _invalid(name, f"{value:g} is below {least:g}")
    return value


def _invalid(name: str, message: str) -> InvalidRequest:
    return InvalidRequest(message, [FieldViolation(f"scalerMetadata.{name}", message)])
