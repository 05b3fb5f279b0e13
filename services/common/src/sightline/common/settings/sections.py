"""The sections that services make their settings from; every default and bound of them lives here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0)]
Device = Annotated[
    Literal["cpu", "cuda"],
    Field(description="what the models run on: cpu, or cuda for a GPU of NVIDIA, in the image for it"),
]


class Section(BaseModel):
    """A frozen group of settings; an unknown name in it is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PostgresSettings(Section):
    """The truth: where PostgreSQL is and how its connections are pooled."""

    url: SecretStr = Field(
        SecretStr("postgresql://sightline@127.0.0.1:5432/sightline"),
        description="libpq URL of the database itself, past any pooler",
    )
    pooler: SecretStr | None = Field(
        None,
        description="libpq URL of a pooler that shares connections between transactions, such as PgBouncer; user, "
        "password and database as in the URL of the database unless it names them; unset: none",
    )
    prepared_statements: bool = Field(
        True, description="let the server keep the plans of statements; off for a PgBouncer before 1.21"
    )
    pool_min: int = Field(1, ge=0, description="connections kept open")
    pool_max: int = Field(8, ge=1, description="connections at most")
    pool_wait_seconds: Seconds = Field(5.0, description="how long a call waits for a free connection")
    pool_waiting_max: int = Field(256, ge=1, description="calls that may wait for a connection at once")
    recycle_seconds: Seconds = Field(1800.0, description="age at which a connection is replaced")
    statement_timeout_seconds: Seconds = Field(30.0, description="longest a statement may run")
    slow_query_seconds: Seconds = Field(0.5, description="a statement slower than this is logged")


class RedisSettings(Section):
    """Broker and progress bus; may vanish at any moment without losing a job."""

    url: SecretStr = Field(SecretStr("redis://127.0.0.1:6379/0"), description="Redis or Valkey URL")
    socket_timeout_seconds: Seconds = Field(5.0, description="a reply slower than this means the server is away")


class BlobSettings(Section):
    """Where bytes are kept: a folder, or an S3-compatible bucket."""

    url: str = Field("file:///var/lib/sightline/blobs", description="file:///folder or s3://bucket/prefix")
    s3_endpoint: str | None = Field(None, description="endpoint of an S3-compatible store")
    s3_region: str | None = Field(None, description="region of the bucket")
    s3_access_key_id: SecretStr | None = Field(None, description="access key; unset: the environment's identity")
    s3_secret_access_key: SecretStr | None = Field(None, description="secret of the access key")


class MediaLimits(Section):
    """What is refused before anything is allocated."""

    max_image_bytes: int = Field(32 * 2**20, ge=1, description="largest encoded picture")
    max_upload_bytes: int = Field(4 * 2**30, ge=1, description="largest upload")
    max_image_pixels: int = Field(50_000_000, ge=1, description="largest picture, width times height")
    min_image_side_px: int = Field(16, ge=1, description="shortest side that can be analysed")
    max_video_seconds: float = Field(6 * 3600.0, gt=0, description="longest film")
    max_video_frames: int = Field(2_000_000, ge=1, description="frames that are decoded of a film at most")
    max_video_pixels: int = Field(8192 * 4320, ge=1, description="largest picture of a film, width times height")
    max_video_streams: int = Field(32, ge=1, description="streams of pictures, sound and text in a film at most")


class ChildLimits(Section):
    """What a child process may take that reads media for a task."""

    memory_bytes: int = Field(2 * 2**30, ge=2**24, description="memory of a child process that reads media")
    cpu_seconds: int = Field(4 * 3600, ge=1, description="processor time of such a child")
    wall_seconds: Seconds = Field(6 * 3600.0, description="how long such a child may live")
    file_bytes: int = Field(8 * 2**30, ge=2**20, description="largest file that such a child may write")
    result_bytes: int = Field(2**30, ge=2**10, description="largest result that is taken from such a child")


class ModelSettings(Section):
    """Where models are kept and which may be used."""

    folder: Path = Field(Path("/var/lib/sightline/models"), description="cache of fetched models")
    allow_noncommercial: bool = Field(False, description="allow weights whose licence forbids commercial use")


class SessionSettings(Section):
    """How the models of an analysis share the processor."""

    sessions: int = Field(
        2, ge=1, le=64, description="pictures analysed at once; sessions times threads is best the number of cores"
    )
    threads: int = Field(
        1, ge=1, le=64, description="threads of one picture; more answer a lone caller sooner, but carry less load"
    )
    wait_seconds: Seconds = Field(30.0, description="how long a call waits for a free session")


class RpcSettings(Section):
    """The gRPC server of a process."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: Port = Field(0, description="port to listen on; 0 picks a free one")
    max_message_bytes: int = Field(34 * 2**20, ge=1024, description="largest message received")
    keepalive_seconds: Seconds = Field(30.0, description="interval of keepalive pings")
    max_connection_age_seconds: Seconds = Field(600.0, description="age at which a client is asked to reconnect")
    max_connection_age_grace_seconds: Seconds = Field(
        600.0, description="how long calls on an aged connection may still run"
    )
    drain_seconds: Seconds = Field(25.0, description="how long calls and tasks may finish after SIGTERM")


class TelemetrySettings(Section):
    """Logs, traces and metrics."""

    log_format: Literal["console", "json"] = Field("json", description="console for people, json for machines")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level written")
    metrics_host: str = Field("127.0.0.1", description="address of /metrics, /livez and /readyz")
    metrics_port: Port = Field(0, description="port of /metrics, /livez and /readyz; 0 picks a free one")
    otlp_endpoint: str | None = Field(None, description="OTLP gRPC endpoint for traces; unset: no export")
    trace_sample_ratio: float = Field(0.01, ge=0, le=1, description="share of new traces that are recorded")


class WorkerSettings(Section):
    """How a process consumes its queue."""

    enabled: bool = Field(True, description="consume the queue")
    slots: int = Field(2, ge=1, description="tasks that run at once")
    lease_seconds: Seconds = Field(30.0, description="how long a claim holds without a heartbeat")
    heartbeat_seconds: Seconds = Field(5.0, description="interval of lease renewals")
    claim_ahead_max: int = Field(256, ge=1, description="tasks claimed at once at most, when they are very short")
    poll_seconds: Seconds = Field(
        5.0, description="interval of claims straight from PostgreSQL, whatever the queue does"
    )
    max_tasks: int = Field(0, ge=0, description="tasks after which the process drains and leaves; 0: never")
    memory_limit_bytes: int | None = Field(
        None, ge=1, description="memory that the process may use; unset: the limit of its container, if it has one"
    )
    memory_watermark: float = Field(0.9, gt=0, le=1, description="share of the limit at which it drains and leaves")
