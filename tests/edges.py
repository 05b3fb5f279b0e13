"""Real Envoy for tests, and the form that every one of its errors must have."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from servers import Background, Server

from sightline.edge import EdgeOptions, contract_file, write_config
from sightline.standalone import envoy
from sightline.standalone.ports import Ports

ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


@dataclass
class Edge:
    """One Envoy and where it is."""

    port: int
    admin_port: int
    server: Server

    @property
    def target(self) -> str:
        """Where gRPC clients reach it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where REST clients reach it."""
        return f"http://{self.target}"


OpenEdge = Callable[..., Edge]


def start_edge(background: Background, ports: Ports, folder: Path, **options: Any) -> Edge:
    """Start an Envoy with some of the `EdgeOptions` and wait until it serves."""
    port, admin_port = ports.take(), ports.take()
    contract = {"descriptor": contract_file("sightline.binpb"), "openapi": contract_file("openapi.json")}
    config = write_config(folder, EdgeOptions(listen_port=port, admin_port=admin_port, **contract, **options))
    server = Server(background, envoy.program(config, admin_port), f"http://127.0.0.1:{port}")
    return Edge(port, admin_port, server.start())


def reason_of(answer: httpx.Response) -> str:
    """Read an error and insist on its form: google.rpc.Status with exactly one ErrorInfo."""
    assert answer.headers["content-type"] == "application/json"
    return reason_in(answer.content)


def reason_in(body: bytes) -> str:
    """Read the reason from a google.rpc.Status in JSON."""
    status = json.loads(body)
    assert status["code"] > 0
    assert status["message"]
    infos = [detail for detail in status["details"] if detail["@type"] == ERROR_INFO]
    assert len(infos) == 1, body
    assert infos[0]["domain"] == "sightline.dev"
    return str(infos[0]["reason"])
