"""A gateway in this process, a client with a key, and a hand that does a worker's part."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pytest
from pydantic import SecretStr

from sightline.common.errors import SightlineError
from sightline.common.queue import Bus, Change
from sightline.common.rpc import RpcServer, from_rpc_error
from sightline.common.settings import BlobSettings, PostgresSettings, RedisSettings
from sightline.common.state.database import Database
from sightline.common.state.identifiers import uuid7
from sightline.common.state.keys import Keys
from sightline.common.state.media import MediaFiles, NewMedia
from sightline.common.state.tasks import Claim, Ended, Failure, Success, Tasks
from sightline.common.worker import telling
from sightline.gateway.main import gateway
from sightline.gateway.settings import AnalysisServices, HousekeepingSettings, JobSettings, Settings
from sightline.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc, usage_service_pb2_grpc

TENANT = "acme"
# Nobody listens there; what matters is that the kinds of the service are served.
FACE = "127.0.0.1:9"


@pytest.fixture
def settings(postgres_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """A gateway over servers of this test's own, in a hurry."""
    return Settings(
        postgres=PostgresSettings(url=SecretStr(postgres_url), pool_max=6),
        redis=RedisSettings(url=SecretStr(redis_url), socket_timeout_seconds=2),
        blobs=BlobSettings(url=(tmp_path / "blobs").as_uri()),
        services=AnalysisServices(face=FACE),
        jobs=JobSettings(watch_check_seconds=0.5),
        housekeeping=HousekeepingSettings(
            contend_seconds=0.1, term_seconds=2, leases_seconds=0.1, refill_seconds=0.05, lost_seconds=0.5,
            depths_seconds=0.1, purge_seconds=0.1,
        ),
    )  # fmt: skip


class Client:
    """Calls with a key."""

    def __init__(self, target: str, key: str) -> None:
        self.channel = grpc.aio.insecure_channel(target)
        self.jobs = job_service_pb2_grpc.JobServiceStub(self.channel)
        self.usage = usage_service_pb2_grpc.UsageServiceStub(self.channel)
        self.metadata = (("authorization", f"Bearer {key}"),) if key else ()

    async def __call__(self, method: str, request: Any, **options: Any) -> Any:
        """Call a method of JobService."""
        return await getattr(self.jobs, method)(request, metadata=self.metadata, timeout=30, **options)

    async def refused(self, method: str, request: Any) -> SightlineError:
        """Call a method of JobService that must refuse, and give the error as the client reads it."""
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await self(method, request)
        return from_rpc_error(raised.value)

    def watch(self, name: str, after: int = 0) -> Any:
        """Watch a job."""
        request = job_service_pb2.WatchJobRequest(name=name, after_sequence=after)
        return self.jobs.WatchJob(request, metadata=self.metadata, timeout=60)


@dataclass(frozen=True)
class Door:
    """A gateway that runs here."""

    server: RpcServer
    target: str


Start = Callable[..., Awaitable[Door]]
Call = Callable[..., Awaitable[Client]]


@pytest.fixture
async def start(settings: Settings) -> AsyncIterator[Start]:
    """Starts gateways in this process; what is still running is stopped at the end, before its servers."""
    async with AsyncExitStack() as stack:

        async def begin(chosen: Settings = settings) -> Door:
            server = await stack.enter_async_context(gateway(chosen))
            return Door(server, f"127.0.0.1:{server.port}")

        yield begin


@pytest.fixture
async def call(database: Database) -> AsyncIterator[Call]:
    """Makes clients with a key of their own."""
    clients: list[Client] = []

    async def make(door: Door, tenant: str = TENANT) -> Client:
        client = Client(door.target, await Keys(database).create(tenant, "test"))
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.channel.close()


@pytest.fixture
async def client(start: Start, call: Call) -> Client:
    """A client of a gateway."""
    return await call(await start())


@pytest.fixture
def add_media(database: Database) -> Callable[..., Awaitable[str]]:
    """Makes files known whose bytes nobody will read."""

    async def add(tenant: str = TENANT, keep_seconds: float = 3600.0) -> str:
        media_id = uuid7()
        await MediaFiles(database).add(
            NewMedia(
                tenant, media_id, "a.jpg", "image/jpeg", 3, b"x" * 32, 64, 48, f"blob/{media_id}", None, keep_seconds
            )
        )
        return f"media/{media_id}"

    return add


@pytest.fixture
async def media(add_media: Callable[..., Awaitable[str]]) -> str:
    """A file."""
    return await add_media()


@pytest.fixture
def wanted(media: str) -> Callable[..., job_service_pb2.CreateJobRequest]:
    """Makes requests for faces in the file; each is work of its own unless the test wants it shared."""

    def make(request_id: str = "", force: bool = True, **job: Any) -> job_service_pb2.CreateJobRequest:
        asked = job_pb2.Job(**{"spec": job_pb2.JobSpec(media=media, detect_faces={}), **job})
        return job_service_pb2.CreateJobRequest(job=asked, request_id=request_id, force=force)

    return make


class Hand:
    """Does a worker's part, one step at a time, and tells those who watch as a worker does."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._tasks = Tasks(database)
        self._bus = bus

    async def claim(self, name: str | None = None, lease_seconds: float = 60) -> Claim:
        """Claim the task of a job, waiting until it may be; the longest waiting without a name."""
        while True:
            for task_id in await (self._tasks.waiting("face", 1) if name is None else self._of(name)):
                for claim in await self._tasks.claim([task_id], "hand", lease_seconds):
                    await self._bus.tell([telling.begun(claim)])
                    return claim
            await asyncio.sleep(0.01)

    async def _of(self, name: str) -> list[UUID]:
        async with self._database.connection() as connection:
            job = (name.removeprefix("jobs/"),)
            found = await connection.execute("SELECT task_id FROM tasks WHERE job_id = %s", job)
            return [row[0] for row in await found.fetchall()]

    async def progress(self, claim: Claim, share: float) -> None:
        """Tell progress to those who watch, as a worker does between two heartbeats."""
        await self._bus.tell([Change(claim.job_id, 2, claim.transition, share)])

    async def complete(self, claim: Claim, *results: job_pb2.JobResult, told: bool = True) -> None:
        """Store results."""
        payloads = tuple(result.SerializeToString() for result in results)
        ended = await self._tasks.complete([Success(claim.task_id, claim.claim_id, payloads)])
        await self._told(ended if told else [])

    async def fail(self, claim: Claim, error: bytes = b"", *, retryable: bool = False) -> None:
        """End the attempt."""
        await self._told(await self._tasks.fail([Failure(claim.task_id, claim.claim_id, retryable, 0, error)]))

    async def _told(self, ended: list[Ended]) -> None:
        await self._bus.tell([telling.ended(one) for one in ended])


@pytest.fixture
async def hand(database: Database, settings: Settings) -> AsyncIterator[Hand]:
    """A worker's part."""
    bus = Bus(settings.redis)
    yield Hand(database, bus)
    await bus.close()
