"""The client: one connection, and the things that can be done over it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from grpc_health.v1 import health_pb2, health_pb2_grpc

from sightline.client._async.calls import AsyncCalls
from sightline.client._async.dead_letters import AsyncDeadLetters
from sightline.client._async.extract import AsyncExtract
from sightline.client._async.faces import AsyncFaces
from sightline.client._async.jobs import AsyncJobs
from sightline.client._async.media import AsyncMediaStore
from sightline.client._async.objects import AsyncObjects
from sightline.client._async.people import AsyncPeople
from sightline.client._async.schedules import AsyncSchedules
from sightline.client._async.webhooks import AsyncWebhooks
from sightline.client.address import DEFAULT_SERVER, Address
from sightline.client.environment import read_environment
from sightline.client.retry import RetryPolicy


class AsyncSightline:
    """A connection to a Sightline server; use it as a context manager, or call `close` at the end.

    Attributes:
        faces: faces in one picture, answered at once.
        objects: objects and segments in one picture, answered at once.
        extract: text in one picture and facts about a file, answered at once.
        media: the files that are analysed.
        jobs: durable work.
        dead_letters: jobs that were given up.
        schedules: jobs that are created by the clock.
        webhooks: addresses that are told when jobs end.
        people: who is known by the face, and the search for them.
    """

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        retry: RetryPolicy | None = None,
        tls: bool | None = None,
        ca_file: str | os.PathLike[str] | None = None,
    ) -> None:
        """Prepare the connection; it is opened by the first call.

        Args:
            server: `host:port`, or a URL with http, https, grpc or grpcs.
            key: the key of your account.
            timeout: how many seconds a call may take, with all its attempts, unless it says otherwise.
            retry: how patient to be with a server that is away; None is patient for a few seconds.
            tls: whether TLS is spoken; None leaves it to the address.
            ca_file: the certificates (PEM) to trust, in place of those that gRPC trusts.

        Raises:
            ValueError: `server` is no address.
        """
        address = Address.parse(server, tls=tls)
        roots = Path(ca_file) if ca_file is not None else None
        self._calls = AsyncCalls(address, key, timeout, retry or RetryPolicy(), roots)
        self.faces = AsyncFaces(self._calls)
        self.objects = AsyncObjects(self._calls)
        self.extract = AsyncExtract(self._calls)
        self.media = AsyncMediaStore(self._calls)
        self.jobs = AsyncJobs(self._calls, self.media)
        self.dead_letters = AsyncDeadLetters(self._calls)
        self.schedules = AsyncSchedules(self._calls)
        self.webhooks = AsyncWebhooks(self._calls)
        self.people = AsyncPeople(self._calls)

    @classmethod
    def from_environment(cls) -> Self:
        """Connect as the variables SIGHTLINE_SERVER and SIGHTLINE_KEY say."""
        return cls(*read_environment())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; calls that are under way fail."""
        await self._calls.close()

    async def health(self, part: str = "", *, timeout: float | None = None) -> bool:
        """Say whether the server, or one part of it, answers calls.

        Args:
            part: the name of a service, as in grpc.health.v1; empty means the server as a whole.
            timeout: how many seconds the call may take; None allows the client's own.

        Raises:
            NotFound: the server has no such part.
            Unavailable: nobody answers at all.
        """
        stub = health_pb2_grpc.HealthStub(self._calls.channel)
        request = health_pb2.HealthCheckRequest(service=part)
        answer = await self._calls.unary(stub.Check, request, timeout)
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
