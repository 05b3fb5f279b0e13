"""UsageService: how busy the system is and how its parts are."""

# ruff: noqa: N802 - methods have their names from the contract

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration

from sightline.common.rpc import Context
from sightline.common.state.upkeep import Depth
from sightline.common.telemetry import Readiness
from sightline.common.telemetry.readiness import OK
from sightline.gateway.depths import Depths
from sightline.v1 import usage_service_pb2 as api, usage_service_pb2_grpc


class UsageServicer(usage_service_pb2_grpc.UsageServiceServicer):
    """Translates what is known of queues and parts into messages."""

    def __init__(self, depths: Depths, readiness: Readiness, version: str) -> None:
        self._depths = depths
        self._readiness = readiness
        self._version = version

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
        return api.GetSystemStatsResponse(parts=parts, version=self._version)


def _queue(depth: Depth) -> api.ListQueuesResponse.Queue:
    queue = api.ListQueuesResponse.Queue(name=depth.queue, waiting_count=depth.waiting, running_count=depth.running)
    if depth.waiting:
        wait = Duration()
        wait.FromNanoseconds(int(depth.oldest_seconds * 1e9))
        queue.oldest_wait.CopyFrom(wait)
    return queue
