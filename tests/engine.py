"""The job engine for tests of faults: real gateways and tiny workers as processes that may be killed at any moment."""

from __future__ import annotations

import base64
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
from prometheus_client.parser import text_string_to_metric_families
from servers import Background, Server

from sightline.client import Sightline
from sightline.standalone.ports import LOOPBACK, Ports
from sightline.standalone.probes import http_ok
from sightline.standalone.program import Program
from sightline.standalone.services import inherited
from sightline.v1.face_pb2 import DetectFacesOptions
from sightline.v1.job_pb2 import Job, JobSpec
from sightline.v1.job_service_pb2 import CreateJobRequest

TINY_WORKER = Path(__file__).parent / "faults" / "tiny_worker.py"
# Times so short that what takes half a minute in production takes seconds in a test.
LEASE_SECONDS = 2.0
WORKER = {
    "TINY_WORKER__LEASE_SECONDS": str(LEASE_SECONDS),
    "TINY_WORKER__HEARTBEAT_SECONDS": "0.4",
    "TINY_WORKER__POLL_SECONDS": "1",
    "TINY_REDIS__SOCKET_TIMEOUT_SECONDS": "2",
}
# For a worker that never looks at the rows by itself: it would, so many seconds after the machine has started.
LOOKS_NEVER = {"TINY_WORKER__POLL_SECONDS": "1e9"}
GATEWAY = {
    "GATEWAY_HOUSEKEEPING__LEASES_SECONDS": "0.25",
    "GATEWAY_HOUSEKEEPING__LOST_SECONDS": "1",
    "GATEWAY_HOUSEKEEPING__TERM_SECONDS": "5",
    "GATEWAY_HOUSEKEEPING__CONTEND_SECONDS": "0.5",
    "GATEWAY_JOBS__WATCH_CHECK_SECONDS": "1",
    "GATEWAY_REDIS__SOCKET_TIMEOUT_SECONDS": "2",
}


# The smallest picture that is taken in; tiny workers never look at it.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAEElEQVR4nGNgGAWjYBTAAAADEAABPywr7AAAAABJRU5ErkJggg=="
)


def until(condition: Callable[[], Any], what: str, seconds: float = 90.0) -> Any:
    """Wait until a condition holds; returns what it gave."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)
    return found


class Part(Server):
    """A process of the engine, whose metrics can be read."""

    def __init__(self, background: Background, program: Program, url: str, metrics_port: int) -> None:
        super().__init__(background, program, url)
        self._telemetry_url = f"http://{LOOPBACK}:{metrics_port}"

    @property
    def alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.alive

    def metric(self, name: str, **labels: str) -> float:
        """Read the sum of the samples of a name that carry the labels."""
        text = self._read("/metrics").text
        samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
        return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())

    def readiness(self) -> int:
        """The HTTP status of its readiness."""
        return self._read("/readyz").status_code

    def _read(self, page: str) -> httpx.Response:
        return httpx.get(self._telemetry_url + page, trust_env=False, timeout=10)


@dataclass
class Engine:
    """Gateways and tiny workers over servers that belong to the test.

    Attributes:
        postgres_url: a database with every table in it.
        redis_url: a Redis.
        folder: for blobs and the key.
        gateways, workers: all that were started, in their order.
    """

    background: Background
    postgres_url: str
    redis_url: str
    folder: Path
    gateways: list[Part] = field(default_factory=list)
    workers: list[Part] = field(default_factory=list)
    _ports: Ports = field(default_factory=Ports)
    _media: str = ""

    @property
    def key(self) -> str:
        """The API key that the first gateway made."""
        return (self.folder / "key").read_text().strip()

    def gateway(self, *, script: Path | None = None, **settings: str) -> Part:
        """Start a gateway, or a script that is one, and wait until it serves."""
        rpc, metrics = self._ports.take(), self._ports.take()
        environment = {
            "GATEWAY_RPC__PORT": str(rpc),
            "GATEWAY_BOOTSTRAP_KEY_FILE": str(self.folder / "key"),
            "GATEWAY_BLOBS__URL": (self.folder / "blobs").as_uri(),
            # Nobody listens there: the queue is consumed all the same.
            "GATEWAY_SERVICES__FACE": f"{LOOPBACK}:9",
            **GATEWAY,
        }
        command = (str(script),) if script else ("-m", "sightline.gateway.main")
        server = self._server("gateway", "GATEWAY", command, metrics, {**environment, **settings}, rpc)
        server.start()
        self.gateways.append(server)
        return server

    def worker(self, **settings: str) -> Part:
        """Start a tiny worker and wait until it works."""
        server = self._server("tiny", "TINY", (str(TINY_WORKER),), self._ports.take(), {**WORKER, **settings}, 0)
        server.start()
        self.workers.append(server)
        return server

    def service(self, name: str, **settings: str) -> Part:
        """Start an analysing service; name its address to a gateway as `GATEWAY_SERVICES__...`."""
        prefix = name.upper()
        rpc, metrics = self._ports.take(), self._ports.take()
        environment = {
            f"{prefix}_RPC__PORT": str(rpc),
            f"{prefix}_BLOBS__URL": (self.folder / "blobs").as_uri(),
            f"{prefix}_WORKER__LEASE_SECONDS": str(LEASE_SECONDS),
            f"{prefix}_WORKER__HEARTBEAT_SECONDS": "0.4",
            f"{prefix}_WORKER__POLL_SECONDS": "1",
        }
        command = ("-m", f"sightline.{name}.main")
        server = self._server(name, prefix, command, metrics, {**environment, **settings}, rpc)
        server.start()
        self.workers.append(server)
        return server

    def client(self, gateway: Part | None = None) -> Sightline:
        """A client of a gateway; of the first one, if none is named."""
        return Sightline((gateway or self.gateways[0]).url, self.key)

    def request(
        self, client: Sightline, *, milliseconds: int = 0, poison: bool = False, min_score: float = 0.0
    ) -> CreateJobRequest:
        """A request for an errand that is never taken for the same as another one."""
        self._media = self._media or client.media.upload(PICTURE).name
        options = DetectFacesOptions(max_faces=milliseconds, include_embeddings=poison, min_score=min_score)
        job = Job(spec=JobSpec(media=self._media, detect_faces=options))
        return CreateJobRequest(job=job, force=True, request_id=str(uuid4()))

    def submit(self, client: Sightline, count: int, **errand: Any) -> list[str]:
        """Ask for errands in one call; returns the names of the jobs, which were all acknowledged."""
        return self.ask(client, [self.request(client, **errand) for _ in range(count)])

    def ask(self, client: Sightline, requests: Sequence[CreateJobRequest]) -> list[str]:
        """Send requests in one call; returns the names of the jobs, which were all acknowledged."""
        outcomes = client.jobs.batch_create(requests)
        assert all(isinstance(one, Job) for one in outcomes), outcomes
        return [one.name for one in outcomes if isinstance(one, Job)]

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask the database itself."""
        with psycopg.connect(self.postgres_url, autocommit=True) as connection:
            return connection.execute(query, parameters).fetchall()

    def states(self, names: Sequence[str]) -> dict[str, int]:
        """Where jobs stand, by name."""
        ids = [name.removeprefix("jobs/") for name in names]
        found = self.rows("SELECT job_id, state FROM jobs WHERE job_id = ANY (%s::uuid[])", ids)
        return {f"jobs/{job_id}": state for job_id, state in found}

    def until_ended(self, names: Sequence[str], seconds: float = 60.0) -> dict[str, int]:
        """Wait until every job has ended; returns their states by name."""

        def ended() -> dict[str, int] | None:
            try:
                states = self.states(names)
            except psycopg.OperationalError:
                return None
            return states if len(states) == len(set(names)) and all(s >= 3 for s in states.values()) else None

        try:
            found: dict[str, int] = until(ended, "every job ends", seconds)
        except AssertionError:
            left = self.rows("SELECT state, attempt, released, publish_time, lease_time FROM tasks WHERE state < 3")[:5]
            raise AssertionError(f"not every job has ended within {seconds:g} s; such are left: {left}") from None
        return found

    def begun(self, name: str = "") -> list[str]:
        """The lines in which workers say that they begin an errand: `begun <job> <attempt>`."""
        wanted = f"begun {name.removeprefix('jobs/')}"
        return [line for worker in self.workers for line in worker.lines if line.startswith(wanted)]

    def until_begun(self, name: str = "", times: int = 1, seconds: float = 90.0) -> None:
        """Wait until an errand (any, if none is named) was begun that many times."""
        until(lambda: len(self.begun(name)) >= times, f"{name or 'an errand'} is begun {times} times", seconds)

    def revive(self) -> int:
        """Start every worker again that has died, as Kubernetes would; returns how many."""
        dead = [worker for worker in self.workers if not worker.alive]
        for worker in dead:
            worker.start()
        return len(dead)

    def stop(self) -> None:
        """Stop every process."""
        for server in (*self.workers, *self.gateways):
            server.stop()

    def _server(
        self, name: str, prefix: str, command: tuple[str, ...], metrics: int, settings: dict[str, str], rpc: int
    ) -> Part:
        environment = {
            **inherited(),
            "PYTHONUNBUFFERED": "1",
            f"{prefix}_POSTGRES__URL": self.postgres_url,
            f"{prefix}_REDIS__URL": self.redis_url,
            f"{prefix}_TELEMETRY__METRICS_PORT": str(metrics),
            **settings,
        }
        program = Program(
            name=name,
            command=(sys.executable, *command),
            ready=http_ok(metrics, "/readyz"),
            environment=environment,
            stop_signal=signal.SIGTERM,
        )
        return Part(self.background, program, f"{LOOPBACK}:{rpc}", metrics)
