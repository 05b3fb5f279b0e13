from __future__ import annotations

import asyncio
import contextlib
import time

import httpx
import pytest

from sightline.common.errors import Reason, TemporarilyAway
from sightline.common.settings import TelemetrySettings
from sightline.common.telemetry import Metrics, Readiness, TelemetryServer


class Dependency:
    def __init__(self, failure: BaseException | None = None, seconds: float = 0.0) -> None:
        self.failure = failure
        self.seconds = seconds
        self.asked = 0

    async def __call__(self) -> None:
        self.asked += 1
        await asyncio.sleep(self.seconds)
        if self.failure is not None:
            raise self.failure


@pytest.fixture
async def open_server():
    servers = []

    async def start(**checks):
        readiness = Readiness(checks, cache_seconds=0.2, timeout_seconds=0.2)
        server = TelemetryServer(TelemetrySettings(), Metrics(), readiness)
        servers.append(server)
        return f"http://127.0.0.1:{await server.start()}", readiness

    yield start
    for server in servers:
        await server.stop()


async def get(url, method="GET", **options):
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.request(method, url, **options)


async def test_metrics_are_served_for_prometheus(open_server):
    base, _ = await open_server()
    answer = await get(f"{base}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "# HELP sightline_rpc_seconds" in answer.text
    modern = await get(f"{base}/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert modern.headers["content-type"].startswith("application/openmetrics-text")
    assert modern.text.endswith("# EOF\n")


async def test_a_process_whose_dependencies_answer_is_ready(open_server):
    base, _ = await open_server(postgres=Dependency(), redis=Dependency())
    answer = await get(f"{base}/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "dependencies": {"postgres": "ok", "redis": "ok"}}


async def test_a_process_whose_database_is_away_is_not_ready_but_alive(open_server):
    failure = TemporarilyAway(Reason.STATE_UNAVAILABLE, "The database does not answer")
    base, _ = await open_server(postgres=Dependency(failure), redis=Dependency())
    answer = await get(f"{base}/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "dependencies": {"postgres": "The database does not answer", "redis": "ok"},
    }
    assert (await get(f"{base}/livez")).status_code == 200


async def test_a_check_that_fails_oddly_or_hangs_tells_no_address(open_server):
    odd, slow = Dependency(OSError("no route to 10.0.0.7:5432")), Dependency(seconds=60)
    base, _ = await open_server(postgres=odd, blobs=slow)
    started = time.monotonic()
    answer = await get(f"{base}/readyz")
    assert answer.json()["dependencies"] == {"postgres": "OSError", "blobs": "no answer within 0.2 s"}
    assert time.monotonic() - started < 2


async def test_many_probes_at_once_ask_a_dependency_once_and_it_is_asked_again_later(open_server):
    dependency = Dependency(seconds=0.05)
    base, _ = await open_server(postgres=dependency)
    await asyncio.gather(*(get(f"{base}/readyz") for _ in range(8)))
    assert dependency.asked == 1
    await asyncio.sleep(0.25)
    await get(f"{base}/readyz")
    assert dependency.asked == 2


async def test_a_draining_process_is_not_ready_but_alive(open_server):
    base, readiness = await open_server()
    readiness.begin_drain()
    assert (await get(f"{base}/readyz")).status_code == 503
    assert (await get(f"{base}/livez")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("GET", "/metrics/x", 404), ("POST", "/livez", 405)]
)
async def test_other_pages_and_methods_are_refused(open_server, method, path, status):
    base, _ = await open_server()
    assert (await get(base + path, method)).status_code == status


async def test_head_has_no_body(open_server):
    base, _ = await open_server()
    answer = await get(f"{base}/livez", "HEAD")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("rubbish", [b"\x16\x03\x01\x02", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"a" * 40_000, b""])
async def test_what_is_not_http_is_hung_up_on_and_the_next_is_served(open_server, rubbish):
    base, _ = await open_server()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
    writer.write(rubbish)
    writer.write_eof()
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), 3) == b""
    writer.close()
    assert (await get(f"{base}/livez")).status_code == 200
