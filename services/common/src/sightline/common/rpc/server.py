"""The gRPC server of a process: methods in the chain, health, reflection, and a drain that loses no call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

import grpc
import structlog
from grpc_health.v1 import health_pb2_grpc
from opentelemetry.trace import TracerProvider

from sightline.common.rpc.admission import Admit
from sightline.common.rpc.chain import Chain
from sightline.common.rpc.health import HealthServicer
from sightline.common.rpc.inflight import InFlight
from sightline.common.rpc.methods import Methods
from sightline.common.rpc.reflection import add_reflection, reflection_servicer
from sightline.common.settings import RpcSettings
from sightline.common.telemetry import Metrics, Readiness
from sightline.common.telemetry.traces import TRACER_NAME

S = TypeVar("S")

_HEALTH_SECONDS = 1.0
# How long calls that a drain ended may take to say so.
_GOODBYE_SECONDS = 1.0


class RpcServer:
    """A grpc.aio server; main makes one, adds its servicers, and runs it until it is told to stop."""

    def __init__(
        self,
        settings: RpcSettings,
        metrics: Metrics,
        tracer_provider: TracerProvider,
        readiness: Readiness,
        admit: Admit | None = None,
    ) -> None:
        self._settings = settings
        self._readiness = readiness
        self._in_flight = InFlight()
        chain = Chain(tracer_provider.get_tracer(TRACER_NAME), self._in_flight, admit)
        self._methods = Methods(chain, metrics)
        self._health = HealthServicer()
        self._server: grpc.aio.Server | None = None
        self._watching: asyncio.Task[None] | None = None
        self._log: Any = structlog.get_logger("sightline.rpc")
        self.port = 0

    def add(
        self,
        register: Callable[[S, Any], None],
        servicer: S,
        *,
        ends_at_drain: Iterable[str] = (),
        unvalidated: Iterable[str] = (),
    ) -> None:
        """Add a servicer, as in `server.add(add_JobServiceServicer_to_server, JobServicer(...))`.

        Args:
            register: the function that the generated code has for it.
            servicer: what implements the methods; sees decoded and validated requests.
            ends_at_drain: streams such as `WatchJob` that would hold up a drain; their clients are told
                DRAINING at once, and go on elsewhere.
            unvalidated: methods that call `validate` themselves, such as batches with an error per item.
        """
        self._methods.register(register, servicer, ends_at_drain=ends_at_drain, unvalidated=unvalidated)

    def add_methods(self, service: str, handlers: Mapping[str, Any]) -> None:
        """Add ready-made handlers by the full name of their service: what a `Forwarder` has."""
        self._methods.add_registered_method_handlers(service, handlers)

    async def start(self) -> int:
        """Begin to serve; the health of all services follows readiness from here on.

        Returns:
            The port, which was chosen by the system if the settings say 0.

        Raises:
            RuntimeError: the address is taken or does not exist.
        """
        services = list(self._methods.services)
        self._health.add(services)
        health_name = "grpc.health.v1.Health"
        self._methods.register(health_pb2_grpc.add_HealthServicer_to_server, self._health, admitted=False)
        self._methods.register(add_reflection, reflection_servicer([*services, health_name]), admitted=False)
        self._server = grpc.aio.server(handlers=cast(Any, (self._methods,)), options=_options(self._settings))
        self.port = self._server.add_insecure_port(f"{self._settings.host}:{self._settings.port}")
        await self._follow_readiness()
        await self._server.start()
        self._watching = asyncio.create_task(self._keep_following(), name="health follows readiness")
        self._log.info("rpc_listening", host=self._settings.host, port=self.port, services=services)
        return self.port

    async def run_until(self, stop: asyncio.Event) -> None:
        """Serve until the event is set, then drain."""
        if self._server is None:
            await self.start()
        await stop.wait()
        await self.drain()

    async def drain(self) -> None:
        """Say NOT_SERVING, take no more calls, let those that run finish for `drain_seconds`."""
        server = self._server
        if server is None:
            return
        self._server = None
        self._log.info("rpc_draining", calls=len(self._in_flight))
        self._readiness.begin_drain()
        self._health.begin_drain()
        if self._watching is not None:
            self._watching.cancel()
        stopping = asyncio.create_task(server.stop(self._settings.drain_seconds + _GOODBYE_SECONDS))
        ended = await self._in_flight.drain(self._settings.drain_seconds)
        if ended:
            await asyncio.wait([stopping], timeout=_GOODBYE_SECONDS)
        await server.stop(None)
        await stopping
        self._log.info("rpc_stopped", calls_ended_early=ended)

    async def __aenter__(self) -> RpcServer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drain()

    async def _keep_following(self) -> None:
        while True:
            await asyncio.sleep(_HEALTH_SECONDS)
            await self._follow_readiness()

    async def _follow_readiness(self) -> None:
        report = await self._readiness.report()
        self._health.set_serving(report.ready)


def _options(settings: RpcSettings) -> list[tuple[str, int]]:
    """Channel arguments of the server. Source: grpc/impl/channel_arg_names.h."""
    keepalive_ms = int(settings.keepalive_seconds * 1000)
    return [
        ("grpc.so_reuseport", 0),  # two processes on one port by accident would share its calls in silence
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.keepalive_time_ms", keepalive_ms),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        # Clients ping as often as we do; gRPC's default of five minutes would close their connections.
        ("grpc.http2.min_ping_interval_without_data_ms", keepalive_ms // 2),
        ("grpc.max_connection_age_ms", int(settings.max_connection_age_seconds * 1000)),
        ("grpc.max_connection_age_grace_ms", int(settings.max_connection_age_grace_seconds * 1000)),
    ]
