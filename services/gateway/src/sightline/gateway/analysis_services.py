"""The services behind the gateway: their channels, their health, and the forwarding of their calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2, health_pb2_grpc

from sightline.common.errors import Reason, TemporarilyAway
from sightline.common.rpc import Forwarder, RpcServer, from_rpc_error, open_channel
from sightline.common.rpc.forward import Guard
from sightline.common.settings import RpcSettings
from sightline.common.telemetry import Check, Metrics
from sightline.gateway.kinds import EXTRACT, FACE, OBJECT
from sightline.gateway.unserved import add_unserved
from sightline.v1 import extract_service_pb2, face_service_pb2, object_service_pb2

# Imported for their descriptions, which reflection shows; the calls themselves are never decoded here.
DESCRIPTIONS: dict[str, ServiceDescriptor] = {
    FACE: face_service_pb2.DESCRIPTOR.services_by_name["FaceService"],
    OBJECT: object_service_pb2.DESCRIPTOR.services_by_name["ObjectService"],
    EXTRACT: extract_service_pb2.DESCRIPTOR.services_by_name["ExtractService"],
}

_CHECK_SECONDS = 1.5


@asynccontextmanager
async def open_channels(
    targets: Mapping[str, str], settings: RpcSettings
) -> AsyncIterator[dict[str, grpc.aio.Channel]]:
    """Open a channel to each service for as long as the block runs.

    Args:
        targets: by the name of the service.
        settings: of the gateway's own server; what it takes it can also pass on.
    """
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(
                open_channel(
                    target,
                    max_message_bytes=settings.max_message_bytes,
                    keepalive_seconds=settings.keepalive_seconds,
                )
            )
            for name, target in targets.items()
        }


def add_services(
    server: RpcServer,
    channels: Mapping[str, grpc.aio.Channel],
    metrics: Metrics,
    guards: Mapping[str, Guard],
) -> None:
    """Offer the methods of every service: forwarded where it is configured, refused with a reason where not.

    Args:
        server: where.
        channels: by the name of the service.
        metrics: counts.
        guards: what the calls of a service are made within, by its name.
    """
    for name, description in DESCRIPTIONS.items():
        if name in channels:
            Forwarder(description, channels[name], metrics, guard=guards[name]).add_to(server)
        else:
            add_unserved(server, description, name)


def health_check(channel: grpc.aio.Channel, on_answer: Callable[[], None] = lambda: None) -> Check:
    """Make the check that asks a service whether it serves.

    Args:
        channel: leads to the service.
        on_answer: called when it does.
    """
    stub = health_pb2_grpc.HealthStub(channel)

    async def check() -> None:
        try:
            answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=_CHECK_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from None
        if answer.status != health_pb2.HealthCheckResponse.SERVING:
            raise TemporarilyAway(Reason.SERVICE_UNAVAILABLE, "the service is up but does not serve")
        on_answer()

    return check
