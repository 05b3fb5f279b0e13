"""Settings of the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, IPvAnyNetwork
from pydantic_settings import SettingsConfigDict

from sightline.common.settings import (
    BlobSettings,
    MediaLimits,
    PostgresSettings,
    RedisSettings,
    RpcSettings,
    Section,
    ServiceSettings,
    TelemetrySettings,
)
from sightline.common.settings.sections import Port, Seconds
from sightline.gateway.kinds import QUEUES

_DAY_SECONDS = 86_400.0


def _known(kind: str) -> str:
    if kind not in QUEUES:
        raise ValueError(f"there is no kind of work {kind!r}; there are {', '.join(QUEUES)}")
    return kind


Kind = Annotated[str, AfterValidator(_known)]


class AnalysisServices(Section):
    """Where the services behind the gateway are; the kinds of work of one that is unset are refused."""

    face: str | None = Field(None, description="gRPC target of the face service, such as dns:///face:50051")
    object: str | None = Field(None, description="gRPC target of the object service")
    extract: str | None = Field(None, description="gRPC target of the extract service")

    def configured(self) -> dict[str, str]:
        """The targets that are set, by the name of the service, which is also the name of its queue."""
        return {name: target for name in type(self).model_fields if (target := getattr(self, name))}


class JobSettings(Section):
    """How jobs are taken in and told."""

    keep_seconds: Seconds = Field(7 * _DAY_SECONDS, description="how long a job and its results are kept")
    max_attempts: int = Field(5, ge=1, le=100, description="how often a task is tried")
    max_attempts_of: dict[Kind, Annotated[int, Field(ge=1, le=100)]] = Field(
        {}, description='the same for some kinds of work, such as {"extract_slides": 3}'
    )
    grouping_seconds: float = Field(
        0.012, ge=0, description="how long submissions that come in crowds wait for others to join their commit"
    )
    group_max: int = Field(500, ge=1, description="submissions in one commit at most")
    groups_at_once: int = Field(2, ge=1, description="commits under way at once; each takes a connection")
    window: int = Field(1000, ge=1, description="tasks of a queue that lie in Redis; the rest waits in PostgreSQL")
    fingerprints_seconds: float = Field(
        2.0, ge=0, description="how long it is known which models results are made with, before they are reused"
    )
    watch_check_seconds: Seconds = Field(
        5.0, description="interval of the one query that finds changes which watchers were not told"
    )


class KeySettings(Section):
    """How callers are told apart."""

    cache_seconds: Seconds = Field(5.0, description="how long a key is known without asking, and survives its end")
    cache_max: int = Field(10_000, ge=1, description="keys that are remembered at once")
    first_tenant: str = Field("default", description="tenant of the key that a new database is given")


class MediaRetention(Section):
    """How long files are kept."""

    keep_seconds: Seconds = Field(30 * _DAY_SECONDS, description="how long a file is kept")
    upload_idle_seconds: Seconds = Field(_DAY_SECONDS, description="when an upload that nobody goes on with is dropped")


class EgressSettings(Section):
    """How things are fetched from addresses that clients name; inward addresses are always refused."""

    ports: tuple[Port, ...] = Field((80, 443), description="ports that may be called, as a JSON list")
    max_bytes: int = Field(2 * 2**30, ge=1, description="largest file that is fetched")
    connect_seconds: Seconds = Field(5.0, description="how long a name may take to resolve, and a host to connect")
    idle_seconds: Seconds = Field(15.0, description="longest silence of the other side")
    total_seconds: Seconds = Field(240.0, description="how long a whole fetch may take, redirects included")
    page_seconds: Seconds = Field(45.0, description="how long reading the page of a video site may take")
    max_redirects: int = Field(5, ge=0, description="redirects that are followed")
    at_once: int = Field(8, ge=1, description="files that are fetched at once")
    at_once_per_tenant: int = Field(4, ge=1, description="files that are fetched at once for one tenant")


class WebhookSettings(Section):
    """How receivers are told that jobs end; ports and the times of a connection are those of `egress`."""

    enabled: bool = Field(True, description="make deliveries; they are written all the same, for others to make")
    plain_http: bool = Field(False, description="allow webhooks with http addresses")
    inward_networks: tuple[IPvAnyNetwork, ...] = Field(
        (),
        description="networks that webhooks may reach though they are not public, as a JSON list; for trusted tenants",
    )
    per_tenant_max: int = Field(100, ge=1, description="webhooks of one tenant at most")
    attempts_max: int = Field(17, ge=1, le=100, description="how often a delivery is tried; the default is about a day")
    first_delay_seconds: Seconds = Field(10.0, description="longest wait before the second attempt; then it doubles")
    max_delay_seconds: Seconds = Field(6 * 3600.0, description="longest wait before any attempt")
    attempt_seconds: Seconds = Field(15.0, description="how long a receiver has to answer, at most the longest silence")
    lease_seconds: Seconds = Field(
        60.0, description="when another gateway makes a delivery that this one left unfinished; above attempt_seconds"
    )
    poll_seconds: Seconds = Field(0.5, description="interval of looking for deliveries that are due")
    at_once: int = Field(64, ge=1, description="deliveries that a gateway makes at once")
    at_once_per_tenant: int = Field(16, ge=1, description="those of them for one tenant")
    at_once_per_webhook: int = Field(4, ge=1, description="those of them to one webhook")
    keep_seconds: Seconds = Field(7 * _DAY_SECONDS, description="how long a delivery is kept after its end")
    backlog_seconds: Seconds = Field(5.0, description="interval of measuring the deliveries that wait")


class PeopleSettings(Section):
    """Which faces are enrolled, and how they are searched."""

    min_quality: float = Field(0.5, ge=0, le=1, description="least quality of a face that is enrolled; 0 takes all")
    rival_share: float = Field(
        0.5, gt=0, description="share of the largest face's area from which a second one makes it doubtful who is meant"
    )
    faces_per_person_max: int = Field(100, ge=1, le=1000, description="faces of one person at most")
    ef_search: int = Field(200, ge=10, le=1000, description="how far the index of vectors is searched: hnsw.ef_search")
    compact_seconds: Seconds = Field(600.0, description="interval of clearing the space of vectors that are deleted")


class ImportBudget(Section):
    """How much may be fetched; what is unset is unlimited."""

    imports_per_hour: int | None = Field(None, ge=0, description="files fetched by ImportMedia")
    imports_per_day: int | None = Field(None, ge=0, description="files fetched by ImportMedia")
    import_bytes_per_hour: int | None = Field(None, ge=0, description="bytes fetched by ImportMedia")
    import_bytes_per_day: int | None = Field(None, ge=0, description="bytes fetched by ImportMedia")

    def chosen(self) -> dict[str, int]:
        """The limits that are set, by name."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}


class LimitSettings(ImportBudget):
    """How much may be used; what is unset is unlimited."""

    requests_per_minute: int | None = Field(None, ge=0, description="calls of any kind")
    jobs_per_hour: int | None = Field(None, ge=0, description="jobs created")
    jobs_per_day: int | None = Field(None, ge=0, description="jobs created")
    open_jobs: int | None = Field(None, ge=0, description="jobs of the tenant that have not ended")
    upload_bytes_per_day: int | None = Field(None, ge=0, description="bytes sent by UploadMedia")


class ProviderSettings(Section):
    """Somebody else's service that files are fetched from."""

    hosts: tuple[str, ...] = Field(description="its hosts; `example.org` is also every host below it")
    pages: bool = Field(False, description="its addresses are pages with a film, which yt-dlp finds")
    per_tenant: ImportBudget = ImportBudget()
    total: ImportBudget = ImportBudget()


class QuotaSettings(Section):
    """Limits of keys and tenants that have none of their own, and what is refused when too much waits."""

    key: LimitSettings = LimitSettings()
    tenant: LimitSettings = LimitSettings()
    waiting_per_queue: int | None = Field(None, ge=1, description="tasks that wait in a queue before it is full")
    waiting_per_tenant: int | None = Field(None, ge=1, description="those of one tenant in a queue")
    uploads_in_flight_bytes: int | None = Field(None, ge=1, description="bytes of unfinished uploads of a process")
    redis_seconds: Seconds = Field(0.25, description="how long a call waits for the shared counters")
    note_seconds: Seconds = Field(2.0, description="interval of storing usage; what a killed gateway forgets at most")
    roll_up_seconds: Seconds = Field(5.0, description="interval of adding usage to its hours")
    keep_seconds: Seconds = Field(400 * _DAY_SECONDS, description="how long usage is remembered")


class ScalerSettings(Section):
    """Where KEDA asks how much waits; without a key, so that only the cluster may reach it."""

    enabled: bool = Field(False, description="answer KEDA's external scaler protocol")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: Port = Field(0, description="port to listen on; 0 picks a free one")


class BreakerSettings(Section):
    """When calls to something that does not answer are refused at once."""

    failures: int = Field(5, ge=1, description="failures in a row that open a breaker")
    open_seconds: Seconds = Field(5.0, description="how long it stays open before one call tries again")
    hung_seconds: Seconds = Field(20.0, description="a deadline that was shorter says nothing about the service")


class HousekeepingSettings(Section):
    """How often the leading gateway does what is done once for all."""

    contend_seconds: Seconds = Field(1.0, description="interval at which the others try to lead")
    term_seconds: Seconds = Field(
        10.0, description="when a leader has to win the lead anew, and finds out if it lost it"
    )
    leases_seconds: Seconds = Field(1.0, description="interval of taking tasks back from silent workers")
    refill_seconds: Seconds = Field(0.25, description="interval of publishing what waits")
    lost_seconds: Seconds = Field(2.0, description="age of a message that is not in Redis at which it counts as lost")
    ageing_seconds: Seconds = Field(60.0, description="waiting time after which a task becomes one step more urgent")
    schedules_seconds: Seconds = Field(1.0, description="interval of looking for schedules whose time has come")
    depths_seconds: Seconds = Field(1.0, description="interval of measuring the queues")
    tenants_seconds: Seconds = Field(15.0, description="interval of measuring the tenants")
    tenants_named_max: int = Field(
        20, ge=0, le=1000, description="tenants that metrics tell by name, the largest; all others are `other`"
    )
    purge_seconds: Seconds = Field(30.0, description="interval of each of the purges")
    purge_max: int = Field(500, ge=1, description="rows that a purge deletes at once; it repeats while there are more")
    request_id_seconds: Seconds = Field(_DAY_SECONDS, description="how long a request_id is remembered")


class Settings(ServiceSettings):
    """Settings of the gateway."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_")

    postgres: PostgresSettings = PostgresSettings()
    redis: RedisSettings = RedisSettings()
    blobs: BlobSettings = BlobSettings()
    rpc: RpcSettings = RpcSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    limits: MediaLimits = MediaLimits()
    media: MediaRetention = MediaRetention()
    egress: EgressSettings = EgressSettings()
    services: AnalysisServices = AnalysisServices()
    jobs: JobSettings = JobSettings()
    keys: KeySettings = KeySettings()
    webhooks: WebhookSettings = WebhookSettings()
    people: PeopleSettings = PeopleSettings()
    quotas: QuotaSettings = QuotaSettings()
    providers: dict[str, ProviderSettings] = Field(
        {}, description="services that files are fetched from, by name, as JSON: hosts and budgets"
    )
    breakers: BreakerSettings = BreakerSettings()
    scaler: ScalerSettings = ScalerSettings()
    housekeeping: HousekeepingSettings = HousekeepingSettings()
    bootstrap_key_file: Path | None = Field(
        None, description="file that the first key is written to, for its owner only"
    )
