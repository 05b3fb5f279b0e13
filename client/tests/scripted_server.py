"""A gRPC server that answers from memory and fails where a test says so; it records every call."""

# ruff: noqa: N802 - methods have their names from the contract

from __future__ import annotations

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from scripted_calls import Script
from scripted_jobs import Jobs
from scripted_media import Media
from scripted_people import People
from scripted_pictures import Faces, Objects
from scripted_schedules import Schedules
from scripted_webhooks import Webhooks

from sightline.v1 import (
    face_service_pb2_grpc,
    job_service_pb2_grpc,
    media_service_pb2_grpc,
    object_service_pb2_grpc,
    person_service_pb2_grpc,
    schedule_service_pb2_grpc,
    webhook_service_pb2_grpc,
)


class Health(health_pb2_grpc.HealthServicer):
    def __init__(self, script: Script) -> None:
        self.script = script

    async def Check(self, request, context):
        await self.script.enter("Check", request, context)
        answers = health_pb2.HealthCheckResponse
        return answers(status=answers.SERVING if self.script.serving else answers.NOT_SERVING)


def server(
    script: Script, credentials: grpc.ServerCredentials | None = None, port: int = 0
) -> tuple[grpc.aio.Server, int]:
    """Make a server on a port of this machine; 0 takes a free one."""
    made = grpc.aio.server()
    face_service_pb2_grpc.add_FaceServiceServicer_to_server(Faces(script), made)
    object_service_pb2_grpc.add_ObjectServiceServicer_to_server(Objects(script), made)
    job_service_pb2_grpc.add_JobServiceServicer_to_server(Jobs(script), made)
    media_service_pb2_grpc.add_MediaServiceServicer_to_server(Media(script), made)
    schedule_service_pb2_grpc.add_ScheduleServiceServicer_to_server(Schedules(script), made)
    webhook_service_pb2_grpc.add_WebhookServiceServicer_to_server(Webhooks(script), made)
    person_service_pb2_grpc.add_PersonServiceServicer_to_server(People(script), made)
    health_pb2_grpc.add_HealthServicer_to_server(Health(script), made)
    if credentials:
        return made, made.add_secure_port(f"127.0.0.1:{port}", credentials)
    return made, made.add_insecure_port(f"127.0.0.1:{port}")
