"""Real Envoy in front of a gateway that records: what the REST form makes of a call, and of its answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from backend import Backend, rpc_server
from edges import Edge, OpenEdge, start_edge
from servers import Background

from sightline.standalone.ports import Ports


@pytest.fixture(scope="session")
def ports() -> Ports:
    return Ports()


@pytest.fixture(scope="session")
def gateway_port(ports: Ports) -> int:
    return ports.take()


@pytest.fixture(scope="session")
def shared_backend(background: Background, gateway_port: int) -> Iterator[Backend]:
    backend = Backend()
    server = rpc_server(backend, gateway_port)
    background.run(server.start())
    yield backend
    background.run(server.drain())


@pytest.fixture
def backend(shared_backend: Backend) -> Backend:
    """The recording gateway, which has forgotten all other tests."""
    shared_backend.reset()
    return shared_backend


@pytest.fixture(scope="session")
def edge(
    background: Background,
    ports: Ports,
    gateway_port: int,
    shared_backend: Backend,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Edge]:
    """The Envoy that every test shares."""
    opened = start_edge(background, ports, tmp_path_factory.mktemp("edge"), gateway_port=gateway_port)
    yield opened
    opened.server.stop()


@pytest.fixture
def open_edge(
    background: Background, ports: Ports, gateway_port: int, shared_backend: Backend, tmp_path: Path
) -> Iterator[OpenEdge]:
    """Opens an Envoy of the test's own, with the options that it names."""
    opened: list[Edge] = []

    def open_one(**options: Any) -> Edge:
        folder = tmp_path / f"edge{len(opened)}"
        opened.append(start_edge(background, ports, folder, **{"gateway_port": gateway_port, **options}))
        return opened[-1]

    yield open_one
    for one in opened:
        one.server.stop()


@pytest.fixture
def rest(edge: Edge, backend: Backend) -> Iterator[httpx.Client]:
    """An HTTP/1.1 client of the shared Envoy."""
    with httpx.Client(base_url=edge.url, timeout=30) as client:
        yield client
