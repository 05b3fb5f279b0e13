"""The three servers that are compared: a bare grpc.aio one, ours, and ours that forwards to ours."""

from __future__ import annotations

import sys

import grpc

from sightline.common.rpc import (
    Forwarder,
    Identity,
    Metadata,
    RpcServer,
    admit_forwarded,
    open_channel,
    run,
    stop_signal,
)
from sightline.common.rpc.calls import Context
from sightline.common.settings import RpcSettings, TelemetrySettings
from sightline.common.telemetry import Metrics, Readiness, configure_logs, make_tracer_provider
from sightline.v1 import face_pb2, face_service_pb2, face_service_pb2_grpc

ANSWER = face_service_pb2.DetectFacesResponse(
    result=face_pb2.DetectFacesResult(faces=[face_pb2.Face(embedding=face_pb2.FaceEmbedding(values=[0.5] * 240))])
)
IDENTITY = Identity("bench", "key", frozenset({"analyse"}))


class Faces(face_service_pb2_grpc.FaceServiceServicer):
    """Answers at once, so that only the way there and back is measured."""

    async def DetectFaces(  # noqa: N802
        self, request: face_service_pb2.DetectFacesRequest, context: Context
    ) -> face_service_pb2.DetectFacesResponse:
        return ANSWER


FACES = Faces()  # type: ignore[abstract] # the other methods are not called


async def admit_key(_context: Context, _method: str, metadata: Metadata) -> Identity:
    assert metadata["authorization"] == "Bearer bench"
    return IDENTITY


async def serve_bare() -> None:
    server = grpc.aio.server()
    face_service_pb2_grpc.add_FaceServiceServicer_to_server(FACES, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    with stop_signal() as stop:
        await stop.wait()
    await server.stop(1)


async def serve_ours(target: str | None) -> None:
    telemetry = TelemetrySettings(log_level="warning")
    configure_logs(telemetry, "bench")
    metrics = Metrics()
    server = RpcServer(
        RpcSettings(),
        metrics,
        make_tracer_provider(telemetry, "bench", "0"),
        Readiness({}),
        admit_forwarded if target is None else admit_key,
    )
    if target is None:
        server.add(face_service_pb2_grpc.add_FaceServiceServicer_to_server, FACES)
    else:
        face = face_service_pb2.DESCRIPTOR.services_by_name["FaceService"]
        Forwarder(face, open_channel(target), metrics).add_to(server)
    print(await server.start(), flush=True)
    with stop_signal() as stop:
        await server.run_until(stop)


if __name__ == "__main__":
    role = sys.argv[1]
    run(serve_bare() if role == "bare" else serve_ours(sys.argv[2] if role == "forwarding" else None))
