"""A gateway of which only the files are there: the real service on the real database and a folder of blobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from google.api.httpbody_pb2 import HttpBody

from sightline.common.blobs import BlobStore, open_blobs
from sightline.common.errors import NotFound, SightlineError
from sightline.common.queue import Counters
from sightline.common.rpc import Context, Identity, Metadata, RpcServer, from_rpc_error
from sightline.common.settings import BlobSettings, MediaLimits, RedisSettings, RpcSettings, TelemetrySettings
from sightline.common.state.database import Database
from sightline.common.state.media import Media, MediaFiles
from sightline.common.state.usage import Usage
from sightline.common.telemetry import Metrics, Readiness, make_tracer_provider
from sightline.gateway.breakers import Breakers
from sightline.gateway.egress import Egress
from sightline.gateway.imports import Importer
from sightline.gateway.media import MediaServicer
from sightline.gateway.media_store import Announcement, MediaStore
from sightline.gateway.quotas.ledger import Ledger
from sightline.gateway.quotas.metering import Meters
from sightline.gateway.quotas.providers import Providers
from sightline.gateway.quotas.quotas import Quotas
from sightline.gateway.quotas.recorder import Recorder
from sightline.gateway.settings import BreakerSettings, EgressSettings, ProviderSettings
from sightline.gateway.uploads import Uploads
from sightline.gateway.video_pages import VideoPages
from sightline.v1 import media_pb2, media_service_pb2 as service, media_service_pb2_grpc as service_grpc

TENANT = "acme"
WayOut = tuple[Egress, EgressSettings]


class WatchedUploads(Uploads):
    """Uploads that say how many bytes have come, so that a test can hang up after them and not before."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.come: Counter[str] = Counter()

    async def receive(
        self, tenant: str, announced: Announcement, offset_bytes: int, pieces: AsyncIterable[bytes]
    ) -> Media:
        async def watched() -> AsyncIterator[bytes]:
            async for piece in pieces:
                self.come[str(announced.upload_id)] += len(piece)
                yield piece

        return await super().receive(tenant, announced, offset_bytes, watched())


class MediaDoor:
    """The service with a client of its own, and a look behind."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        folder: Path,
        limits: MediaLimits,
        way_out: WayOut,
        pages: VideoPages | None = None,
    ) -> None:
        self.files = MediaFiles(database)
        self.blobs = blobs
        self.database = database
        self.folder = folder
        self.store = MediaStore(self.files, blobs, limits, keep_seconds=3600)
        self.uploads = WatchedUploads(self.files, blobs, self.store, limits)
        # Nobody here has limits, so that the counters are never asked.
        quotas = Quotas(Ledger(Counters(RedisSettings(), timeout_seconds=1)))
        self.meters = Meters(quotas, Recorder(Usage(database), interval_seconds=60), None)
        # The hosts of these tests fail on purpose, again and again.
        breakers = Breakers(BreakerSettings(failures=1000), Metrics())
        self.importer = Importer(
            way_out[0],
            pages or VideoPages(*way_out),
            self.store,
            way_out[1],
            providers=Providers({"videos": ProviderSettings(hosts=("videos.test",), pages=True)}),
            meters=self.meters,
            breakers=breakers,
        )
        self.stub: Any = None
        self.port = 0

    async def upload(self, *pieces: bytes, tenant: str = TENANT, **first: Any) -> media_pb2.Media:
        """Send a file; raises the SightlineError that the service raised."""
        requests = [service.UploadMediaRequest(content=HttpBody(data=piece)) for piece in pieces]
        for name, value in first.items():
            setattr(requests[0], name, value)
        media: media_pb2.Media = await self.call(self.stub.UploadMedia, iter(requests), tenant=tenant)
        return media

    async def call(self, method: Any, request: Any, tenant: str = TENANT) -> Any:
        """Make one call; raises the SightlineError that the service raised."""
        try:
            return await method(request, metadata=(("tenant", tenant),))
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from None

    async def fetch(self, uri: str, tenant: str = TENANT, **more: Any) -> media_pb2.Media:
        """Have a file imported; raises the SightlineError that the service raised."""
        request = service.ImportMediaRequest(uri=uri, **more)
        media: media_pb2.Media = await self.call(self.stub.ImportMedia, request, tenant=tenant)
        return media

    async def get(self, name: str, **more: Any) -> media_pb2.Media:
        media: media_pb2.Media = await self.call(self.stub.GetMedia, service.GetMediaRequest(name=name), **more)
        return media

    async def download(self, name: str, tenant: str = TENANT) -> list[HttpBody]:
        """Give the pieces as they came."""
        try:
            request = service.DownloadMediaRequest(name=name)
            return [piece async for piece in self.stub.DownloadMedia(request, metadata=(("tenant", tenant),))]
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from None

    async def leftovers(self) -> list[str]:
        """Name every blob, and every key that is written down as loose."""
        files = [str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()]
        loose = [f"loose {row[0]}" for row in await self.rows("SELECT blob_key FROM loose_blobs")]
        return sorted(name for name in files if name != "sightline-store") + loose

    async def rows(self, sql: str) -> list[Any]:
        async with self.database.connection() as connection:
            return await (await connection.execute(sql)).fetchall()


async def admit(_context: Context, _method: str, metadata: Metadata) -> Identity | None:
    """Believe whatever tenant the test names."""
    return Identity(str(metadata["tenant"]), "key")


@asynccontextmanager
async def media_door(
    database: Database,
    folder: Path,
    limits: MediaLimits | None = None,
    way_out: WayOut | None = None,
    pages: VideoPages | None = None,
) -> AsyncIterator[MediaDoor]:
    """Serve files from a folder until the block ends."""
    metrics = Metrics()
    blobs = await open_blobs(BlobSettings(url=folder.as_uri()), metrics)
    if way_out is None:
        way_out = Egress(EgressSettings()), EgressSettings()
    door = MediaDoor(database, blobs, folder, limits or MediaLimits(), way_out, pages)
    tracing = make_tracer_provider(TelemetrySettings(), "tests", "0")
    server = RpcServer(RpcSettings(drain_seconds=1), metrics, tracing, Readiness({}), admit)
    servicer = MediaServicer(door.files, door.store, door.uploads, door.importer, door.meters)
    server.add(service_grpc.add_MediaServiceServicer_to_server, servicer)
    async with server, grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        door.stub = service_grpc.MediaServiceStub(channel)
        door.port = server.port
        yield door


def reason_of(error: BaseException | None) -> str:
    assert isinstance(error, SightlineError)
    return error.reason.value


def cut(data: bytes, piece_bytes: int) -> Iterable[bytes]:
    return (data[start : start + piece_bytes] for start in range(0, len(data), piece_bytes))


__all__ = ["TENANT", "MediaDoor", "NotFound", "cut", "media_door", "reason_of"]
