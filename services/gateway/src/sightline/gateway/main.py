"""The gateway: builds everything, answers calls and keeps house until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

import grpc
import structlog
from externalscaler.externalscaler_pb2_grpc import add_ExternalScalerServicer_to_server
from opentelemetry.sdk.trace import TracerProvider

from sightline.common.blobs import BlobStore, open_blobs
from sightline.common.errors import TemporarilyAway
from sightline.common.queue import Bus, Publisher
from sightline.common.rpc import RpcServer, run, settle, stop_signal
from sightline.common.settings import load
from sightline.common.state.database import Database
from sightline.common.state.fingerprints import Fingerprints
from sightline.common.state.graphs import Graphs
from sightline.common.state.jobs import Jobs
from sightline.common.state.keys import Keys
from sightline.common.state.media import MediaFiles
from sightline.common.state.pages import JobPages
from sightline.common.state.schedules import Schedules
from sightline.common.state.signals import Signals
from sightline.common.state.upkeep import Upkeep
from sightline.common.telemetry import Metrics, Readiness, TelemetryServer, configure_logs, make_tracer_provider
from sightline.gateway.admission import KeyAdmission
from sightline.gateway.analysis_services import add_services, health_check, open_channels
from sightline.gateway.breakers import Breaker, Breakers
from sightline.gateway.creation import Creation
from sightline.gateway.dead_letters import DeadLetters
from sightline.gateway.depths import Depths
from sightline.gateway.duties import Ageing, Deadlines, Duty, Leases, Refill
from sightline.gateway.egress import Egress
from sightline.gateway.fingerprints import KnownFingerprints
from sightline.gateway.first_key import FirstKey
from sightline.gateway.grouping import Grouping
from sightline.gateway.housekeeping import Housekeeping
from sightline.gateway.imports import Importer
from sightline.gateway.jobs import ENDS_AT_DRAIN, UNVALIDATED, JobServicer
from sightline.gateway.judges import judge_service
from sightline.gateway.kinds import FACE, QUEUES
from sightline.gateway.media import MediaServicer
from sightline.gateway.media_store import MediaStore
from sightline.gateway.people.opening import build_people
from sightline.gateway.publication import Publication
from sightline.gateway.purges import Purges
from sightline.gateway.quotas.allowances import Allowances
from sightline.gateway.quotas.door import LimitedAdmission
from sightline.gateway.quotas.opening import QuotaParts, gate_before, open_quotas
from sightline.gateway.reception import Reception
from sightline.gateway.reruns import Reruns
from sightline.gateway.scaler import ScalerServicer
from sightline.gateway.schedules import Firing, ScheduleServicer
from sightline.gateway.settings import Settings
from sightline.gateway.submissions import Submissions
from sightline.gateway.tenants import Tenants
from sightline.gateway.uploads import Uploads
from sightline.gateway.usage import UsageServicer
from sightline.gateway.video_pages import VideoPages
from sightline.gateway.watching import Watching
from sightline.gateway.webhooks.opening import build_webhooks
from sightline.gateway.webhooks.receivers import allowing
from sightline.v1.job_service_pb2_grpc import add_JobServiceServicer_to_server
from sightline.v1.media_service_pb2_grpc import add_MediaServiceServicer_to_server
from sightline.v1.person_service_pb2_grpc import add_PersonServiceServicer_to_server
from sightline.v1.schedule_service_pb2_grpc import add_ScheduleServiceServicer_to_server
from sightline.v1.usage_service_pb2_grpc import add_UsageServiceServicer_to_server
from sightline.v1.webhook_service_pb2_grpc import add_WebhookServiceServicer_to_server

SERVICE = "gateway"
VERSION = version("sightline-gateway")

_RETRY_SECONDS = 1.0
_FIRST_KEY_SECONDS = 2.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class World:
    """What the gateway stands on, opened."""

    settings: Settings
    metrics: Metrics
    tracing: TracerProvider
    database: Database
    blobs: BlobStore
    bus: Bus
    publisher: Publisher
    channels: dict[str, grpc.aio.Channel]


@dataclass(frozen=True, slots=True)
class Entry:
    """The way of every job into the system, whoever asks for it."""

    submissions: Submissions
    publication: Publication
    reception: Reception


def main() -> None:
    """Run the service."""
    settings = load(Settings)
    configure_logs(settings.telemetry, SERVICE)
    run(serve(settings))


async def serve(settings: Settings) -> None:
    """Run until SIGTERM."""
    with stop_signal() as stop:
        async with gateway(settings):
            settle()
            await stop.wait()


@asynccontextmanager
async def gateway(settings: Settings) -> AsyncIterator[RpcServer]:
    """Build the gateway and let it serve for as long as the block runs; what is opened first is closed last."""
    async with AsyncExitStack() as stack:
        world = await _open_world(settings, stack)
        keys = Keys(world.database)
        first_key = FirstKey(keys, settings.keys.first_tenant, settings.bootstrap_key_file)
        breakers = Breakers(settings.breakers, world.metrics)
        guards = _guards(world, breakers)
        readiness = _readiness(world, first_key, guards)
        telemetry = TelemetryServer(settings.telemetry, world.metrics, readiness)
        await telemetry.start()
        stack.push_async_callback(telemetry.stop)
        making = asyncio.create_task(first_key.ensure(), name="first key")
        stack.callback(making.cancel)
        # A moment is given to it, since a process that is not ready at first says so for a second at least.
        await asyncio.wait([making], timeout=_FIRST_KEY_SECONDS)
        if making.done():
            await making
        depths = Depths(Upkeep(world.database), world.metrics, world.channels)
        files = MediaFiles(world.database)
        store = MediaStore(files, world.blobs, settings.limits, keep_seconds=settings.media.keep_seconds)
        way_out = Egress(settings.egress, allows=allowing(settings.webhooks.inward_networks))
        webhooks = build_webhooks(settings, world.database, world.metrics, way_out)
        limits = open_quotas(settings, world.database, stack)
        tenants = Tenants(limits.usage, world.metrics, QUEUES, named_max=settings.housekeeping.tenants_named_max)
        people = build_people(
            settings,
            world.database,
            world.metrics,
            store=store,
            recorder=limits.recorder,
            channel=world.channels.get(FACE),
            guard=guards.get(FACE),
        )
        stack.push_async_callback(people.close)
        entry = _entry(world, stack)
        schedules = Schedules(world.database)
        firing = Firing(schedules, entry.submissions, entry.reception.take)
        housekeeping = Housekeeping(
            Upkeep(world.database),
            [
                *_duties(world, depths, files, store),
                *webhooks.duties,
                *limits.duties,
                Duty("export_tenants", settings.housekeeping.tenants_seconds, tenants.export),
                *people.duties,
                Duty("fire_schedules", settings.housekeeping.schedules_seconds, firing.fire),
            ],
            world.metrics,
            contend_seconds=settings.housekeeping.contend_seconds,
            term_seconds=settings.housekeeping.term_seconds,
            on_resign=_each(depths.withdraw, tenants.withdraw, webhooks.upkeep.withdraw),
        )
        housekeeping.start()
        stack.push_async_callback(housekeeping.stop)
        if settings.webhooks.enabled:
            webhooks.dispatcher.start()
            stack.push_async_callback(webhooks.dispatcher.stop)
        admission = LimitedAdmission(KeyAdmission(keys, settings.keys, limits.identify), limits.quotas)
        server = RpcServer(settings.rpc, world.metrics, world.tracing, readiness, admission)
        _add_jobs(server, world, entry, limits, stack)
        server.add(add_ScheduleServiceServicer_to_server, ScheduleServicer(schedules, entry.submissions))
        server.add(add_MediaServiceServicer_to_server, _media(world, files, store, limits, breakers))
        allowances = Allowances(limits.quotas, limits.usage, limits.providers)
        usage = UsageServicer(depths, readiness, VERSION, breakers=breakers, allowances=allowances)
        server.add(add_UsageServiceServicer_to_server, usage)
        server.add(add_WebhookServiceServicer_to_server, webhooks.servicer)
        server.add(add_PersonServiceServicer_to_server, people.servicer)
        add_services(server, world.channels, world.metrics, guards)
        if settings.scaler.enabled:
            await stack.enter_async_context(_scaler(world, readiness, depths))
        yield await stack.enter_async_context(server)


def _each(*calls: Callable[[], None]) -> Callable[[], None]:
    def call() -> None:
        for one in calls:
            one()

    return call


async def _open_world(settings: Settings, stack: AsyncExitStack) -> World:
    metrics = Metrics()
    metrics.observe_process(SERVICE, VERSION)
    tracing = make_tracer_provider(settings.telemetry, SERVICE, VERSION)
    stack.callback(tracing.shutdown)
    database = Database(settings.postgres, metrics, SERVICE)
    await database.open()
    stack.push_async_callback(database.close)
    blobs = await _await_blobs(settings, metrics)
    bus, publisher = Bus(settings.redis), Publisher(settings.redis, metrics)
    stack.push_async_callback(bus.close)
    stack.push_async_callback(publisher.close)
    channels = await stack.enter_async_context(open_channels(settings.services.configured(), settings.rpc))
    return World(settings, metrics, tracing, database, blobs, bus, publisher, channels)


async def _await_blobs(settings: Settings, metrics: Metrics) -> BlobStore:
    """Open the blob store, which may start later than this process."""
    while True:
        try:
            return await open_blobs(settings.blobs, metrics)
        except TemporarilyAway as error:
            log.warning("blobs_awaited", reason=error.reason)
            await asyncio.sleep(_RETRY_SECONDS)


def _guards(world: World, breakers: Breakers) -> dict[str, Breaker]:
    judge = judge_service(world.settings.breakers.hung_seconds)
    return {name: breakers.named(name, judge) for name in world.channels}


def _readiness(world: World, first_key: FirstKey, guards: Mapping[str, Breaker]) -> Readiness:
    services = {
        name: health_check(channel, on_answer=guards[name].try_again) for name, channel in world.channels.items()
    }
    checks = {
        "postgres": world.database.check,
        "keys": first_key.check,
        "blobs": world.blobs.check,
        "redis": world.bus.check,
    }
    # Without Redis jobs are accepted all the same, and a call to a service that is away says so itself.
    return Readiness({**checks, **services}, dispensable=("redis", *services))


def _duties(world: World, depths: Depths, files: MediaFiles, store: MediaStore) -> list[Duty]:
    settings, upkeep = world.settings.housekeeping, Upkeep(world.database)
    leases = Leases(upkeep, world.bus, world.metrics, world.channels, settings.purge_max)
    refill = Refill(
        upkeep,
        world.publisher,
        world.channels,
        window=world.settings.jobs.window,
        lost_seconds=settings.lost_seconds,
    )
    purges = Purges(
        upkeep,
        files,
        store,
        count=settings.purge_max,
        request_id_seconds=settings.request_id_seconds,
        upload_idle_seconds=world.settings.media.upload_idle_seconds,
    )
    return [
        Duty("end_leases", settings.leases_seconds, leases.end),
        Duty("end_overdue", settings.leases_seconds, Deadlines(upkeep, world.bus, settings.purge_max).end),
        Duty("age", settings.ageing_seconds / 4, Ageing(upkeep, settings.ageing_seconds, settings.purge_max).age),
        Duty("refill", settings.refill_seconds, refill.fill),
        Duty("export_depths", settings.depths_seconds, depths.export),
        Duty("purge_jobs", settings.purge_seconds, purges.jobs),
        Duty("purge_request_ids", settings.purge_seconds, purges.request_ids),
        Duty("purge_media", settings.purge_seconds, purges.media),
        Duty("purge_uploads", settings.purge_seconds, purges.uploads),
        Duty("purge_loose_blobs", settings.purge_seconds, purges.loose_blobs),
    ]


def _entry(world: World, stack: AsyncExitStack) -> Entry:
    settings = world.settings.jobs
    publication = Publication(world.publisher, Signals(world.database), settings.window)
    stack.push_async_callback(publication.close)
    fingerprints = KnownFingerprints(Fingerprints(world.database), settings.fingerprints_seconds)
    reception = Reception(
        Jobs(world.database), MediaFiles(world.database), publication, world.metrics, fingerprints=fingerprints
    )
    return Entry(Submissions(settings, world.channels), publication, reception)


def _add_jobs(server: RpcServer, world: World, entry: Entry, limits: QuotaParts, stack: AsyncExitStack) -> None:
    settings, jobs = world.settings.jobs, Jobs(world.database)
    gate = gate_before(entry.reception, world.settings, world.database)
    grouping = Grouping(
        gate.take_group,
        window_seconds=settings.grouping_seconds,
        group_max=settings.group_max,
        at_once=settings.groups_at_once,
    )
    watching = Watching(jobs, world.bus, settings.watch_check_seconds)
    creation = Creation(entry.submissions, gate, grouping, jobs, limits.quotas)
    for part in (creation, grouping, watching):
        stack.push_async_callback(part.close)
    pages, reruns = JobPages(world.database), Reruns(jobs, entry.publication, world.bus, settings.keep_seconds)
    servicer = JobServicer(
        creation=creation,
        jobs=jobs,
        graphs=Graphs(world.database),
        pages=pages,
        watching=watching,
        reruns=reruns,
        dead_letters=DeadLetters(jobs, pages, reruns),
        bus=world.bus,
    )
    server.add(add_JobServiceServicer_to_server, servicer, ends_at_drain=ENDS_AT_DRAIN, unvalidated=UNVALIDATED)


def _scaler(world: World, readiness: Readiness, depths: Depths) -> RpcServer:
    """Build the door for KEDA, which has no key: a port of its own, for the inside of the cluster alone."""
    place = {"host": world.settings.scaler.host, "port": world.settings.scaler.port}
    server = RpcServer(world.settings.rpc.model_copy(update=place), world.metrics, world.tracing, readiness)
    server.add(add_ExternalScalerServicer_to_server, ScalerServicer(depths), ends_at_drain=("StreamIsActive",))
    return server


def _media(world: World, files: MediaFiles, store: MediaStore, limits: QuotaParts, breakers: Breakers) -> MediaServicer:
    settings = world.settings
    uploads = Uploads(files, world.blobs, store, settings.limits)
    egress = Egress(settings.egress)
    importer = Importer(
        egress,
        VideoPages(egress, settings.egress),
        store,
        settings.egress,
        providers=limits.providers,
        meters=limits.meters,
        breakers=breakers,
    )
    return MediaServicer(files, store, uploads, importer, limits.meters)


if __name__ == "__main__":
    main()
