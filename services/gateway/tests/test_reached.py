"""The test of a release: what it takes for reached, against servers of this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from typer.testing import CliRunner

from sightline.gateway.reached import app


@pytest.fixture
def servicer() -> health.HealthServicer:
    return health.HealthServicer()


@pytest.fixture
def gateway(servicer: health.HealthServicer) -> Iterator[str]:
    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(None).wait()


class Door(BaseHTTPRequestHandler):
    """Answers each path with the status that the server was given."""

    def do_GET(self) -> None:
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def door() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Door) as server:
        server.status = 401  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*arguments, "--seconds", "2"])
    return done.exit_code, done.output


def test_a_gateway_that_serves_behind_a_door_that_asks_for_a_key_is_reached(gateway: str, door: HTTPServer) -> None:
    code, said = ask(gateway, "--door", f"http://127.0.0.1:{door.server_port}")
    assert code == 0, said
    assert said.count("serves") == 2


def test_a_gateway_that_drains_is_not_reached(gateway: str, servicer: health.HealthServicer) -> None:
    servicer.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
    code, said = ask(gateway)
    assert code == 1
    assert "NOT_SERVING" in said


def test_a_door_that_reaches_no_gateway_is_told_with_its_status(gateway: str, door: HTTPServer) -> None:
    door.status = 503  # type: ignore[attr-defined]
    code, said = ask(gateway, "--door", f"http://127.0.0.1:{door.server_port}")
    assert code == 1
    assert "answers 503 instead of 401" in said


def test_nobody_at_the_address_is_said(door: HTTPServer) -> None:
    code, said = ask("127.0.0.1:1", "--door", "https://127.0.0.1:1")
    assert code == 1
    assert said.count("no answer") == 2
