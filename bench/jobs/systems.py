"""The systems that are compared, and how each is started with the same number of slots."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.jobs.servers import Servers
from sightline.standalone.ports import Ports
from sightline.standalone.probes import http_ok
from sightline.standalone.program import Program
from sightline.standalone.services import inherited

ROOT = Path(__file__).parents[2]
THEIRS = ROOT / "build" / "bench-venv" / "bin" / "python"
OURS = Path(sys.executable)


@dataclass(frozen=True)
class Load:
    """A burst of jobs.

    Attributes:
        name: of its row in the table.
        jobs: how many, so that a burst lasts for some seconds.
        callers: how many submit at the same time.
        batch: jobs in one call.
    """

    name: str
    jobs: int
    callers: int
    batch: int = 1


@dataclass(frozen=True)
class System:
    """One system.

    Attributes:
        name: unique.
        python: the interpreter of its environment.
        client: the module that submits.
        bursts: what is submitted at saturation; the first is also what is submitted at the steady rate.
        results_in: where results are stored, `postgres` or `valkey`.
        tables: those that are emptied before each turn.
        worker: the command of the worker behind the interpreter; of Sightline, `gateway` comes beside it.
        eases_logins: whether PostgreSQL checks passwords at less than the usual cost.
    """

    name: str
    python: Path
    client: str
    bursts: tuple[Load, ...]
    worker: tuple[str, ...]
    results_in: str = "valkey"
    tables: tuple[str, ...] = ()
    eases_logins: bool = True

    @property
    def has_gateway(self) -> bool:
        """Whether it is ours."""
        return self.name == SIGHTLINE

    @property
    def uses_postgres(self) -> bool:
        """Whether PostgreSQL belongs to it."""
        return self.results_in == "postgres"


SIGHTLINE = "sightline"


def systems(slots: int, callers: int, scale: float) -> list[System]:
    """Describe all systems.

    Args:
        slots: jobs that a worker runs at once.
        callers: callers that submit at once.
        scale: how long bursts are; 1 is some seconds each.
    """
    celery = ("-m", "celery", "-A", "bench.jobs.celery_app", "worker")
    quiet = ("--loglevel", "warning", "--without-gossip", "--without-mingle", "--without-heartbeat")
    threads = ("--concurrency", str(slots))

    def burst(name: str, jobs: int, batch: int = 1) -> Load:
        return Load(name, max(int(jobs * scale) // batch, 4) * batch, callers if batch == 1 else 4, batch)

    return [
        System(
            SIGHTLINE, OURS, "bench.jobs.sightline_client",
            (burst("Sightline, CreateJob", 6000), burst("Sightline, BatchCreateJobs", 24_000, 500)),
            ("-m", "bench.jobs.sightline_worker"),
            results_in="postgres", tables=("jobs", "tasks", "idempotency"),
        ),
        System(
            "celery-redis", THEIRS, "bench.jobs.celery_client", (burst("Celery + Redis", 2000),),
            (*celery, "--pool", "threads", *threads, *quiet),
        ),
        System(
            "celery-postgres", THEIRS, "bench.jobs.celery_client", (burst("Celery + PostgreSQL", 500),),
            # Its database backend is faster with processes, which it was made for.
            (*celery, "--pool", "prefork", *threads, *quiet), results_in="postgres", tables=("celery_taskmeta",),
        ),
        System(
            "celery-postgres-threads", THEIRS, "bench.jobs.celery_client",
            (burst("Celery + PostgreSQL, only the backend changed", 300),),
            (*celery, "--pool", "threads", *threads, *quiet), results_in="postgres", tables=("celery_taskmeta",),
            eases_logins=False,
        ),
        System(
            "dramatiq", THEIRS, "bench.jobs.dramatiq_client", (burst("Dramatiq + Redis", 3000),),
            ("-m", "dramatiq", "bench.jobs.dramatiq_app", "--processes", "1", "--threads", str(slots)),
        ),
        System(
            "taskiq", THEIRS, "bench.jobs.taskiq_client", (burst("taskiq + Redis", 5000),),
            (
                "-m", "taskiq", "worker", "bench.jobs.taskiq_app:broker", "--workers", "1", "--log-level", "WARNING",
                "--max-async-tasks", str(slots), "--max-threadpool-threads", str(slots),
            ),
        ),
    ]  # fmt: skip


def environment(system: System, servers: Servers, slots: int) -> dict[str, str]:
    """What the client and the worker of a system are told."""
    told = {**inherited(), "PYTHONUNBUFFERED": "1"}
    if system.has_gateway:
        return {
            **told,
            "BENCH_POSTGRES__URL": servers.postgres_url,
            "BENCH_REDIS__URL": servers.broker_url,
            "BENCH_WORKER__SLOTS": str(slots),
        }
    results = f"db+{servers.postgres_url}" if system.uses_postgres else servers.results_url
    return {**told, "BENCH_BROKER": servers.broker_url, "BENCH_RESULTS": results}


def worker(system: System, servers: Servers, slots: int) -> Program:
    """Describe the worker; it serves when the first jobs are done."""
    return Program(
        name="worker",
        command=(str(system.python), *system.worker),
        environment=environment(system, servers, slots),
        folder=ROOT,
    )


def gateway(servers: Servers, folder: Path, port: int, ports: Ports) -> Program:
    """Describe the gateway, with its default settings."""
    metrics = ports.take()
    told: Mapping[str, str] = {
        "POSTGRES__URL": servers.postgres_url,
        "REDIS__URL": servers.broker_url,
        "BLOBS__URL": (folder / "blobs").as_uri(),
        "RPC__PORT": str(port),
        "TELEMETRY__METRICS_PORT": str(metrics),
        "SERVICES__FACE": "127.0.0.1:9",  # work of this kind is taken; who does it is told by the queue
        "BOOTSTRAP_KEY_FILE": str(folder / "key"),
    }
    return Program(
        name="gateway",
        command=(str(OURS), "-m", "sightline.gateway.main"),
        ready=http_ok(metrics, "/readyz"),
        environment={**inherited(), **{f"GATEWAY_{name}": value for name, value in told.items()}},
        folder=ROOT,
        stop_seconds=30.0,
    )
