"""The processes of the chart, started as it describes them: only addresses and folders are this machine's."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import httpx
import poolers
import pytest
import yaml
from grpc_health.v1 import health_pb2, health_pb2_grpc
from rendering import SETS, Pod, objects, pods, variables
from servers import Background, Server

from sightline.common.settings import ServiceSettings, load
from sightline.common.state.__main__ import Settings as StateSettings
from sightline.edge.settings import EdgeSettings
from sightline.extract.settings import ExtractSettings
from sightline.face.settings import FaceSettings
from sightline.gateway.settings import Settings as GatewaySettings
from sightline.object.settings import ObjectSettings
from sightline.standalone import envoy
from sightline.standalone.ports import Ports
from sightline.standalone.probes import http_ok
from sightline.standalone.program import Program
from sightline.standalone.services import inherited, memory

CLASSES: dict[str, type[ServiceSettings]] = {
    "gateway": GatewaySettings,
    "face": FaceSettings,
    "object": ObjectSettings,
    "extract": ExtractSettings,
    "edge": EdgeSettings,
    "state": StateSettings,
}


def pod_of(name: str, component: str, *more: str) -> Pod:
    (found,) = [pod for pod in pods(objects(name, more)) if pod.component == component]
    return found


class Here:
    """The cluster's addresses and folders, and what stands for them on this machine."""

    def __init__(self, folder: Path, models: Path, postgres: str, redis: str) -> None:
        self.ports: dict[tuple[str, int], int] = {}
        self._folder = folder
        self._models = models
        self._urls = {"_POSTGRES__URL": postgres, "_REDIS__URL": redis}
        self._free = Ports()
        self.bouncer = folder / "pgbouncer"

    def port(self, component: str, port: int) -> int:
        """Give the port that stands for one of a pod."""
        return self.ports.setdefault((component, port), self._free.take())

    def environment(self, component: str, container: dict[str, Any]) -> dict[str, str]:
        """Give a container's variables."""
        return {name: self._here(component, name, value) for name, value in variables(container).items()}

    def _here(self, component: str, name: str, value: str) -> str:
        for ending, url in self._urls.items():
            if name.endswith(ending):
                return url
        if name.endswith("_POSTGRES__POOLER"):
            return f"postgresql://127.0.0.1:{self.port('pgbouncer', 6432)}"
        if name.startswith("GATEWAY_SERVICES__"):
            return f"127.0.0.1:{self.port(name.rpartition('__')[2].lower(), 50051)}"
        if name.endswith("_PORT"):
            owner = "gateway" if name == "EDGE_GATEWAY_PORT" else component
            return str(self.port(owner, int(value)))
        if name.endswith("_HOST"):
            return "127.0.0.1"
        moved = value.replace("/var/lib/sightline/models", str(self._models)).replace(
            "/etc/pgbouncer", str(self.bouncer)
        )
        return moved.replace("/var/lib/sightline", str(self._folder)).replace("/etc/envoy", str(self._folder / "envoy"))


@pytest.fixture
def here(tmp_path: Path, models_folder: Path, postgres_url: str, redis_url: str) -> Here:
    return Here(tmp_path, models_folder, postgres_url, redis_url)


@pytest.fixture
def start(background: Background, here: Here) -> Iterator[Callable[[Pod], Server]]:
    """Starts the main container of a pod and waits until its readiness probe passes."""
    started: list[Server] = []

    def begin(pod: Pod) -> Server:
        container = pod.main
        command = [sys.executable if word == "python" else word for word in container["command"]]
        program = Program(
            name=pod.component,
            command=(*command, *container.get("args", ())),
            ready=http_ok(here.port(pod.component, 9090), "/readyz"),
            environment={**inherited(), **here.environment(pod.component, container)},
            stop_seconds=40,
        )
        started.append(Server(background, program, "").start())
        return started[-1]

    yield begin
    for server in reversed(started):
        server.stop()


@pytest.mark.parametrize("name", SETS)
def test_our_processes_keep_memory_as_they_do_on_one_machine(name: str) -> None:
    for pod in pods(objects(name)):
        given = variables(pod.main)
        if pod.component in CLASSES and pod.component != "edge":
            assert given.items() >= memory(pod.component).items(), pod.owner


@pytest.mark.parametrize("name", SETS)
def test_every_variable_is_one_that_the_service_reads(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for pod in pods(objects(name)):
        for container in pod.containers:
            given = variables(container)
            component = next(
                (one for one in CLASSES if any(word.startswith(f"{one.upper()}_") for word in given)), None
            )
            if component is None:
                continue
            with monkeypatch.context() as patch:
                for variable, value in given.items():
                    patch.setenv(variable, value or "postgresql://x/y")
                settings = load(CLASSES[component], arguments=[], environment=given)
            assert settings.model_dump()


def test_gateway_and_face_run_and_answer_their_probes_as_the_kubelet_asks(here: Here, start: Any) -> None:
    for component in ("face", "gateway"):
        pod = pod_of("minimal", component)
        start(pod)
        ask_probes(here, pod)
        (tmp,) = [mount for mount in pod.main["volumeMounts"] if mount["name"] == "tmp"]
        assert tmp["mountPath"] == "/tmp"


def test_a_draining_gateway_is_not_ready_and_stays_alive(here: Here, start: Any) -> None:
    pod = pod_of("minimal", "gateway")
    server = start(pod)
    target, telemetry = f"127.0.0.1:{here.port('gateway', 50051)}", here.port("gateway", 9090)
    with grpc.insecure_channel(target) as channel:
        # A call that is under way keeps the process: the watch of its health.
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=30)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        server.kill(signal.SIGTERM)
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        with suppress(httpx.ConnectError):  # it may have ended already
            assert httpx.get(f"http://127.0.0.1:{telemetry}/livez", timeout=5).status_code == 200


def test_the_door_is_configured_by_its_init_container_and_serves(
    here: Here, start: Any, background: Background, tmp_path: Path
) -> None:
    start(pod_of("minimal", "gateway"))
    configure(here, pod_of("minimal", "edge"), background)
    file = tmp_path / "envoy/envoy.yaml"
    assert yaml.safe_load(file.read_text())["static_resources"]["listeners"]
    door = Server(background, envoy.program(file, here.port("edge", 9901)), "").start()
    try:
        answer = _answered(f"http://127.0.0.1:{here.port('edge', 8080)}/v1/jobs")
        assert answer.json()["details"][0]["reason"] == "UNAUTHENTICATED"
        # And the job of `helm test` finds all of it.
        places = {
            "media-sightline-gateway:50051": f"127.0.0.1:{here.port('gateway', 50051)}",
            "http://media-sightline:80": f"http://127.0.0.1:{here.port('edge', 8080)}",
            "python": sys.executable,
        }
        asking = tuple(places.get(word, word) for word in pod_of("minimal", "test").main["command"])
        assert set(places.values()) <= set(asking)
        assert background.run(_run(Program(name="test", command=asking, environment=inherited()))) == 0
    finally:
        door.stop()


@pytest.mark.parametrize("kind", poolers.KINDS)
def test_pgbouncer_is_configured_by_its_init_container_and_the_gateway_runs_behind_it(
    kind: str, here: Here, start: Any, background: Background, postgres_url: str
) -> None:
    more = ("--set", f"pgbouncer.enabled=true,settings.POSTGRES__PREPARED_STATEMENTS={poolers.prepares(kind)}")
    here.bouncer = poolers.public_folder()
    configure(here, pod_of("minimal", "pgbouncer", *more), background)
    pooler = poolers.pooler(kind, background, here.bouncer, postgres_url)
    try:
        pooler.start()
        pod = pod_of("minimal", "gateway", *more)
        start(pod)
        ask_probes(here, pod)
    finally:
        pooler.stop()
        shutil.rmtree(here.bouncer)


def configure(here: Here, pod: Pod, background: Background) -> None:
    """Run the one init container of a pod."""
    (configuring,) = pod.spec["initContainers"]
    command = [sys.executable if word == "python" else word for word in configuring["command"]]
    environment = {**inherited(), **here.environment(pod.component, configuring)}
    configured = Program(name="configuration", command=tuple(command), environment=environment)
    assert background.run(_run(configured)) == 0


async def _run(program: Program) -> int:
    process = await asyncio.create_subprocess_exec(*program.command, env=dict(program.environment))
    return await process.wait()


def _answered(url: str) -> httpx.Response:
    deadline = time.monotonic() + 20
    while True:
        answer = httpx.get(url, timeout=5)
        if answer.status_code != 503 or time.monotonic() > deadline:
            return answer
        time.sleep(0.1)


def ask_probes(here: Here, pod: Pod) -> None:
    """Ask each probe as it is written."""
    ports = {port["name"]: port["containerPort"] for port in pod.main["ports"]}
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        probe = pod.main[kind]
        if "httpGet" in probe:
            asked = probe["httpGet"]
            port = here.port(pod.component, ports[asked["port"]])
            assert httpx.get(f"http://127.0.0.1:{port}{asked['path']}", timeout=5).status_code == 200, kind
        else:
            with grpc.insecure_channel(f"127.0.0.1:{here.port(pod.component, probe['grpc']['port'])}") as channel:
                answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING, kind
