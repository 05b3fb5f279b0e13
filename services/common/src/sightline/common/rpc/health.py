"""grpc.health.v1 driven by readiness: Check and Watch, for the whole process and for each service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from grpc_health.v1 import health_pb2, health_pb2_grpc

from sightline.common.errors import NotFound
from sightline.common.rpc.calls import Context

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


class HealthServicer(health_pb2_grpc.HealthServicer):  # type: ignore[misc] # untyped
    """Tells whether calls may be sent here.

    The servicer of grpcio-health-checking keeps every Watch open to the end of a drain, which then always
    lasts as long as it may; and its unknown service has no ErrorInfo. Hence one of our own.
    """

    def __init__(self) -> None:
        self._services = {""}
        self._serving = False
        self._drained = False
        self._changed = asyncio.Event()

    def add(self, services: Iterable[str]) -> None:
        """Answer for these services too, by their full names."""
        self._services.update(services)

    def set_serving(self, serving: bool) -> None:
        """Say from now on whether calls may be sent; without effect once a drain has begun."""
        if serving != self._serving and not self._drained:
            self._serving = serving
            self._tell()

    def begin_drain(self) -> None:
        """Say NOT_SERVING for ever, and end each Watch after it has said so."""
        self._serving = False
        self._drained = True
        self._tell()

    async def Check(  # noqa: N802 - the name in the proto
        self, request: health_pb2.HealthCheckRequest, context: Context
    ) -> health_pb2.HealthCheckResponse:
        """Give the present status."""
        if request.service not in self._services:
            raise NotFound(f"services/{request.service[:100]}")
        return health_pb2.HealthCheckResponse(status=_SERVING if self._serving else _NOT_SERVING)

    async def Watch(  # noqa: N802 - the name in the proto
        self, request: health_pb2.HealthCheckRequest, context: Context
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        """Give the present status and each later one; an unknown service stays open, as the protocol says."""
        last = None
        while True:
            changed, drained = self._changed, self._drained
            status = (_SERVING if self._serving else _NOT_SERVING) if request.service in self._services else _UNKNOWN
            if status != last:
                yield health_pb2.HealthCheckResponse(status=status)
                last = status
            if drained:
                return
            await changed.wait()

    def _tell(self) -> None:
        told, self._changed = self._changed, asyncio.Event()
        told.set()
