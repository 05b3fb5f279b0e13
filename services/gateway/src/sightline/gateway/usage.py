"""UsageService: what was used, what may be used, how busy the system is and how its parts are."""

# ruff: noqa: N802 - methods have their names from the contract

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from sightline.common.rpc import Context, current_identity
from sightline.common.state.upkeep import Depth
from sightline.common.state.usage import Hour
from sightline.common.telemetry import Readiness
from sightline.common.telemetry.readiness import OK
from sightline.gateway.breakers import Breaker, Breakers, State
from sightline.gateway.depths import Depths
from sightline.gateway.quotas.allowances import Allowance, Allowances
from sightline.v1 import usage_service_pb2 as api, usage_service_pb2_grpc

_DEFAULT_SPAN = timedelta(days=1)
_BREAKER_STATES = {
    State.CLOSED: api.GetSystemStatsResponse.Breaker.STATE_CLOSED,
    State.HALF_OPEN: api.GetSystemStatsResponse.Breaker.STATE_HALF_OPEN,
    State.OPEN: api.GetSystemStatsResponse.Breaker.STATE_OPEN,
}


class UsageServicer(usage_service_pb2_grpc.UsageServiceServicer):
    """Translates what is known of queues and parts into messages."""

    def __init__(
        self, depths: Depths, readiness: Readiness, version: str, *, breakers: Breakers, allowances: Allowances
    ) -> None:
        self._depths = depths
        self._readiness = readiness
        self._version = version
        self._breakers = breakers
        self._allowances = allowances

    async def GetUsage(self, request: api.GetUsageRequest, _context: Context) -> api.GetUsageResponse:
        """Say what was used in each hour."""
        end = _time(request.end_time) if request.HasField("end_time") else datetime.now(UTC)
        start = _time(request.start_time) if request.HasField("start_time") else end - _DEFAULT_SPAN
        hours = await self._allowances.used(current_identity().tenant, start, end)
        return api.GetUsageResponse(hours=map(_hour, hours))

    async def GetQuota(self, _request: api.GetQuotaRequest, _context: Context) -> api.GetQuotaResponse:
        """Say what may be used and what is left."""
        return api.GetQuotaResponse(limits=map(_limit, await self._allowances.of(current_identity())))

    async def ListQueues(self, _request: api.ListQueuesRequest, _context: Context) -> api.ListQueuesResponse:
        """Say how much waits in each queue."""
        return api.ListQueuesResponse(queues=map(_queue, await self._depths.read()))

    async def GetSystemStats(
        self, _request: api.GetSystemStatsRequest, _context: Context
    ) -> api.GetSystemStatsResponse:
        """Say how each part is."""
        found = sorted((await self._readiness.report()).dependencies.items())
        parts = [
            api.GetSystemStatsResponse.Part(name=name, available=said == OK, message="" if said == OK else said)
            for name, said in found
        ]
        breakers = sorted(self._breakers.all_named(), key=lambda one: one.name)
        return api.GetSystemStatsResponse(parts=parts, version=self._version, breakers=map(_breaker, breakers))


def _time(message: Timestamp) -> datetime:
    return message.ToDatetime(UTC)


def _hour(hour: Hour) -> api.GetUsageResponse.Hour:
    message = api.GetUsageResponse.Hour(kind=hour.kind, job_count=hour.count, size_bytes=hour.size_bytes)
    message.start_time.FromDatetime(hour.hour_time)
    message.work_duration.FromNanoseconds(int(hour.work_seconds * 1e9))
    return message


def _limit(allowance: Allowance) -> api.GetQuotaResponse.Limit:
    message = api.GetQuotaResponse.Limit(
        name=allowance.name, limit=allowance.limit, remaining=allowance.remaining, subject=allowance.subject
    )
    if allowance.reset_time is not None:
        message.reset_time.FromSeconds(int(allowance.reset_time))
    return message


def _breaker(breaker: Breaker) -> api.GetSystemStatsResponse.Breaker:
    return api.GetSystemStatsResponse.Breaker(name=breaker.name, state=_BREAKER_STATES[breaker.state])


def _queue(depth: Depth) -> api.ListQueuesResponse.Queue:
    queue = api.ListQueuesResponse.Queue(name=depth.queue, waiting_count=depth.waiting, running_count=depth.running)
    if depth.waiting:
        wait = Duration()
        wait.FromNanoseconds(int(depth.oldest_seconds * 1e9))
        queue.oldest_wait.CopyFrom(wait)
    return queue
