"""What so many replicas ask of the stores, worked out from what one process and one job were measured to ask."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sightline.common.settings import PostgresSettings
from sightline.gateway.settings import JobSettings

Figures = dict[str, Any]
DAY_SECONDS = 86_400
SERVICES = 3
SLOTS = 2
# Of docs/speed.md and the design's prototypes, on two cores, which is what a replica asks for: pictures a second of
# face detection (SCRFD at 640), of object detection (YOLOv8s at 640), of reading the text of a slide.
FACES, OBJECTS, TEXTS = 28.6, 5.3, 2.7
PICTURE_BYTES = 129_000
FILM_TASK_SECONDS = 60.0
# What a gateway works before the chart starts another: 80 % of half a core.
GATEWAY_CORES = 0.4
BOUNCER_MS = 0.06  # docs/postgresql.md


@dataclass(frozen=True)
class Mix:
    """Work that keeps every replica busy.

    Attributes:
        jobs: that one replica of each service does together in a second.
        long: tasks are longer than a heartbeat.
    """

    name: str
    jobs: float
    long: bool
    bytes_each: int


PICTURES = Mix("pictures", FACES + OBJECTS + TEXTS, long=False, bytes_each=PICTURE_BYTES)
FILMS = Mix("films", SERVICES * SLOTS / FILM_TASK_SECONDS, long=True, bytes_each=60 * 2**20)


@dataclass(frozen=True)
class Demand:
    """What is asked for, by all replicas together."""

    replicas: int
    jobs: float
    gateways: int
    connections_rest: float
    connections_most: int
    bouncer_clients: int
    bouncer_server: int
    bouncer_cores: float
    commits: float
    commits_rest: float
    postgres_cores: float
    wal_bytes: float
    growth_bytes: float
    redis_connections: float
    redis_commands: float
    redis_cores: float
    redis_bytes: float
    blob_bytes: float

    @property
    def kept_bytes(self) -> float:
        """Rows that lie there when as many expire as come."""
        return self.growth_bytes * JobSettings().keep_seconds / DAY_SECONDS


def demand(figures: Figures, mix: Mix, replicas: int, *, pool_size: int, bouncers: int) -> Demand:
    """Work it out.

    Args:
        figures: of figures.json.
        mix: what is done.
        replicas: of each service.
        pool_size: connections of one PgBouncer to PostgreSQL.
        bouncers: how many there are at least; one more for each core that they need.
    """
    job, idle, pool = figures["paced"], figures["idle"], PostgresSettings()
    jobs, workers = replicas * mix.jobs, replicas * SERVICES
    gateways = max(2, math.ceil(jobs * job["cpu_ms"]["gateway"] / 1000 / GATEWAY_CORES))
    resting = idle["leader"]["commits"] + (gateways - 1) * idle["gateway"]["commits"]
    # A heartbeat renews all tasks of a process in one statement, so that slots make no difference.
    each = figures["long"] if mix.long else idle["worker"]
    connections = figures["connections"]["idle"]
    of_redis = figures["redis"]["clients"] / (figures["redis"]["gateways"] + figures["redis"]["workers"])
    commits = jobs * job["commits"] + resting + workers * each["commits"]
    return Demand(
        replicas=replicas,
        jobs=jobs,
        gateways=gateways,
        connections_rest=gateways * connections["gateway"] / figures["redis"]["gateways"]
        + workers * connections["bench"] / figures["redis"]["workers"],
        connections_most=(gateways + workers) * pool.pool_max,
        bouncer_clients=(gateways + workers) * pool.pool_max,
        bouncer_server=pool_size * max(bouncers, math.ceil(commits * BOUNCER_MS / 1000 / 0.8)) + 2 * gateways,
        bouncer_cores=commits * BOUNCER_MS / 1000,
        commits=commits,
        commits_rest=resting + workers * idle["worker"]["commits"],
        postgres_cores=jobs * job["cpu_ms"]["postgres"] / 1000
        + gateways * idle["leader"]["postgres_cpu"]
        + workers * each["postgres_cpu"],
        wal_bytes=jobs * job["wal_bytes"],
        growth_bytes=jobs * sum(figures["job_bytes"].values()) * DAY_SECONDS,
        redis_connections=(gateways + workers) * of_redis,
        redis_commands=jobs * job["commands"] + gateways * idle["leader"]["commands"] + workers * each["commands"],
        redis_cores=jobs * job["cpu_ms"]["valkey"] / 1000,
        redis_bytes=JobSettings().window * SERVICES * figures["waiting_message_bytes"],
        blob_bytes=jobs * mix.bytes_each,
    )


@dataclass(frozen=True)
class Stores:
    """What stores can bear.

    Attributes:
        connections: `max_connections`.
        cores: of PostgreSQL.
        wal_bytes: a second that its disk writes beside everything else.
        disk_bytes: of its volume.
        redis_cores: of Redis: one thread.
    """

    name: str
    connections: int
    cores: float
    wal_bytes: float
    disk_bytes: float
    redis_cores: float = 1.0


def shares(of: Demand, stores: Stores, *, pooled: bool) -> dict[str, float]:
    """Give the share of each limit that is asked for."""
    return {
        "connections": (of.bouncer_server if pooled else of.connections_most) / stores.connections,
        "cores of PostgreSQL": of.postgres_cores / stores.cores,
        "WAL": of.wal_bytes / stores.wal_bytes,
        "room for a week's jobs": of.kept_bytes / stores.disk_bytes,
        "the core of Redis": of.redis_cores / stores.redis_cores,
    }
