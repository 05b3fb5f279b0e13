"""The gateway as a process of its own: its first key, its memory, its end, and who takes over from it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import grpc
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from sightline.common.errors import Reason
from sightline.common.queue import Consumer
from sightline.common.rpc import from_rpc_error
from sightline.common.state.database import Database
from sightline.common.state.keys import Keys
from sightline.gateway.settings import Settings
from sightline.standalone.ports import Ports
from sightline.v1 import job_service_pb2 as api

RSS_MAX_BYTES = 150 * 2**20
Wanted = Callable[..., api.CreateJobRequest]


class Process:
    """One gateway, started as its supervisor starts it."""

    def __init__(self, settings: Settings, folder: Path, number: int) -> None:
        self.port, self.metrics_port = Ports().take(), Ports().take()
        self.target = f"127.0.0.1:{self.port}"
        self.key_file = folder / "first-key"
        self.output = folder / f"gateway-{number}.out"
        self.environment = {
            "PATH": os.environ["PATH"],
            "GATEWAY_POSTGRES__URL": settings.postgres.url.get_secret_value(),
            "GATEWAY_REDIS__URL": settings.redis.url.get_secret_value(),
            "GATEWAY_BLOBS__URL": settings.blobs.url,
            "GATEWAY_SERVICES__FACE": settings.services.face or "",
            "GATEWAY_RPC__PORT": str(self.port),
            "GATEWAY_RPC__DRAIN_SECONDS": "2",
            "GATEWAY_TELEMETRY__METRICS_PORT": str(self.metrics_port),
            "GATEWAY_BOOTSTRAP_KEY_FILE": str(self.key_file),
            "GATEWAY_HOUSEKEEPING__CONTEND_SECONDS": "0.2",
            "GATEWAY_HOUSEKEEPING__LOST_SECONDS": "0.5",
            "GATEWAY_KEYS__CACHE_SECONDS": "0.5",
        }

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        with self.output.open("wb") as output:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "sightline.gateway.main", env=self.environment, stdout=output, stderr=output
            )
        async with asyncio.timeout(60):
            while not await asyncio.to_thread(self.ready):
                assert self.process.returncode is None, self.output.read_text()
                await asyncio.sleep(0.1)

    def ready(self) -> bool:
        """Whether it says that it is ready."""
        with suppress(OSError), urlopen(f"http://127.0.0.1:{self.metrics_port}/readyz") as page:
            return bool(page.status == 200)
        return False

    def leads(self) -> bool:
        """Whether it leads the housekeeping."""
        with urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics") as page:
            return "sightline_leads 1.0" in page.read().decode()

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), 30)


@pytest.fixture
async def launch(settings: Settings, tmp_path: Path) -> AsyncIterator[Any]:
    """Starts gateways as processes; all are ended at the end."""
    started: list[Process] = []

    async def begin() -> Process:
        process = Process(settings, tmp_path, len(started))
        started.append(process)
        await process.start()
        return process

    yield begin
    for process in started:
        await process.end(signal.SIGKILL)


async def test_the_first_key_is_shown_once_and_kept_for_its_owner_only(launch: Any, start: Any, call: Any) -> None:
    first = await launch()
    key = first.key_file.read_text().strip()
    assert stat.S_IMODE(first.key_file.stat().st_mode) == 0o600
    shown = first.output.read_text()
    assert len(re.findall(re.escape(key), shown)) == 1
    assert not any(key in line for line in shown.splitlines() if line.startswith("{"))
    client = await call(first)
    client.metadata = (("authorization", f"Bearer {key}"),)
    await client("ListJobs", api.ListJobsRequest())
    again = await launch()
    assert "first key" not in again.output.read_text()


async def test_two_gateways_that_start_at_once_make_one_key_between_them(launch: Any, database: Database) -> None:
    await asyncio.gather(launch(), launch())
    assert len(await Keys(database).list_all()) == 1


async def test_keys_are_made_listed_and_revoked_by_the_operator(launch: Any, call: Any) -> None:
    gateway = await launch()

    def keys(*arguments: str) -> str:
        command = [sys.executable, "-m", "sightline.gateway.keys", *arguments]
        return subprocess.run(command, env=gateway.environment, capture_output=True, text=True, check=True).stdout

    key = (await asyncio.to_thread(keys, "create", "--tenant", "acme", "--name", "for a test")).strip()
    client = await call(gateway)
    client.metadata = (("x-api-key", key),)
    await client("ListJobs", api.ListJobsRequest())
    (line,) = [one for one in (await asyncio.to_thread(keys, "list")).splitlines() if "for a test" in one]
    assert "acme" in line
    assert key not in line
    await asyncio.to_thread(keys, "revoke", line.split()[0])
    await asyncio.sleep(0.6)
    assert (await client.refused("ListJobs", api.ListJobsRequest())).reason is Reason.UNAUTHENTICATED


@pytest.mark.parametrize(
    "metadata", [(), (("authorization", "Bearer sl_nonsense"),), (("authorization", "Basic eA=="),)]
)
async def test_without_a_key_only_health_and_reflection_answer(client: Any, metadata: Any) -> None:
    client.metadata = metadata
    assert (await client.refused("ListJobs", api.ListJobsRequest())).reason is Reason.UNAUTHENTICATED
    with pytest.raises(grpc.aio.AioRpcError) as forwarded:
        await client.channel.unary_unary("/sightline.v1.FaceService/DetectFaces")(b"", metadata=metadata)
    assert from_rpc_error(forwarded.value).reason is Reason.UNAUTHENTICATED
    health = health_pb2_grpc.HealthStub(client.channel)
    assert (await health.Check(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.SERVING
    reflection = reflection_pb2_grpc.ServerReflectionStub(client.channel)
    asked = reflection_pb2.ServerReflectionRequest
    stream = reflection.ServerReflectionInfo(
        iter([asked(list_services=""), asked(file_containing_symbol="sightline.v1.FaceService")])
    )
    listed, described = [answer async for answer in stream]
    names = {one.name for one in listed.list_services_response.service}
    assert {"sightline.v1.JobService", "sightline.v1.FaceService", "grpc.health.v1.Health"} <= names
    assert described.file_descriptor_response.file_descriptor_proto


async def test_it_stays_within_its_memory_under_load_and_ends_with_status_0(
    launch: Any, call: Any, wanted: Wanted, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = await launch()
    client = await call(gateway)
    for _ in range(5):
        await asyncio.gather(*(client("CreateJob", wanted()) for _ in range(200)))
    answer = await client("BatchCreateJobs", api.BatchCreateJobsRequest(requests=[wanted()] * 1000))
    watches = [client.watch(item.job.name) for item in answer.items[:100]]
    for watch in watches:
        await watch.read()
    rss_bytes = psutil.Process(gateway.process.pid).memory_info().rss
    with capsys.disabled():
        print(f"\ngateway RSS after 2,000 jobs and 100 watchers: {rss_bytes / 2**20:.0f} MiB")  # noqa: T201
    assert rss_bytes < RSS_MAX_BYTES
    assert await gateway.end() == 0


async def test_jobs_acknowledged_by_a_gateway_that_is_killed_are_published_by_another_which_takes_the_lead(
    launch: Any, call: Any, wanted: Wanted, settings: Settings
) -> None:
    first = await launch()
    async with asyncio.timeout(10):
        while not first.leads():
            await asyncio.sleep(0.05)
    second = await launch()
    assert not second.leads()
    client = await call(first)
    created = []

    async def create() -> None:
        with suppress(grpc.aio.AioRpcError):
            created.append(await client("CreateJob", wanted()))
            if len(created) == 40:
                first.process.kill()

    await asyncio.gather(*(create() for _ in range(120)))
    await first.end(signal.SIGKILL)
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(second.leads):
            await asyncio.sleep(0.05)
    other = await call(second)
    stored = (await other("ListJobs", api.ListJobsRequest(page_size=1000))).jobs
    assert {job.name for job in created} <= {job.name for job in stored}
    queue, seen = Consumer(settings.redis, "face"), set()
    async with asyncio.timeout(20):
        while len(seen) < len(stored):
            seen.update(await queue.pop(1000, 0.2) or [])
    await queue.close()
    assert len(seen) == len(stored)
